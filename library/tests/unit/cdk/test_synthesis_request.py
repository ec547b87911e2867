"""Tests synthesize by the project's ``app.py``, whatever is in it."""

from pathlib import Path

import pytest

from stepweave.cdk.errors import SynthesisError
from stepweave.cdk.synthesis_request import SynthesisRequest, current_request, run_app
from stepweave.project.settings import Project

WRITES = """
from stepweave.cdk.synthesis_request import current_request
request = current_request()
request.outdir.mkdir()
(request.outdir / "manifest.json").write_text(__name__)
"""


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path, "claims")


@pytest.fixture
def request_(tmp_path: Path) -> SynthesisRequest:
    return SynthesisRequest([], tmp_path / "out")


def test_the_app_runs_as_the_cdk_runs_it_and_finds_what_is_asked_for(
    project: Project, request_: SynthesisRequest
) -> None:
    (project.root / "app.py").write_text(WRITES)
    run_app(project, request_)
    assert (request_.outdir / "manifest.json").read_text() == "__main__"
    assert current_request() is None


@pytest.mark.parametrize(
    ("app", "says"),
    [
        (None, r"app\.py is missing"),
        ("", r"has not synthesized .* stepweave\.cdk\.Application\(customize\)\.synth\(\)"),
        ("import sys; sys.exit('app.py: mend it')", r"app\.py ended: app\.py: mend it"),
        ("import sys; sys.exit(0)", "has not synthesized"),
    ],
)
def test_an_app_that_deploys_something_else_is_told_so(
    project: Project, request_: SynthesisRequest, app: str | None, says: str
) -> None:
    if app is not None:
        (project.root / "app.py").write_text(app)
    with pytest.raises(SynthesisError, match=says):
        run_app(project, request_)
    assert current_request() is None


def test_what_the_project_s_own_code_raises_comes_to_its_author(project: Project, request_: SynthesisRequest) -> None:
    (project.root / "app.py").write_text("raise KeyError('payer')")
    with pytest.raises(KeyError, match="payer"):
        run_app(project, request_)
    assert current_request() is None
