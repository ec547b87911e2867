"""Synthesis, with a small app in place of the project's: it is a program, and is run as one."""

import json
import os
import sys
from pathlib import Path

import pytest

from stepweave.cdk.dag_deployment import DagDeployment
from stepweave.command.errors import CommandError
from stepweave.command.target.synthesis import relevant_error, source_digest, synthesize
from stepweave.project.settings import Project

APP = """
import json, os, pathlib, sys
out = pathlib.Path(os.environ["CDK_OUTDIR"])
out.mkdir(parents=True)
(out / "manifest.json").write_text("{}")
(out / "environment.json").write_text(json.dumps(dict(os.environ)))
with open("runs", "a") as runs:
    runs.write("x")
"""


@pytest.fixture
def project(tmp_path: Path) -> Project:
    (tmp_path / "app.py").write_text(APP)
    (tmp_path / "cdk.json").write_text("{}")
    for folder in ("stacks", "state_machines", "lambdas", "requirements"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "file.txt").write_text(folder)
    (tmp_path / ".stepweave").mkdir()
    return Project(tmp_path, "test")


def runs(project: Project) -> int:
    return len((project.root / "runs").read_text())


def test_the_app_runs_again_only_if_something_changed(project: Project) -> None:
    assert synthesize(project) == project.assembly
    synthesize(project)
    assert runs(project) == 1
    (project.root / "lambdas" / "file.txt").write_text("changed")
    synthesize(project)
    assert runs(project) == 2


def test_a_dag_file_goes_into_the_context_and_counts_as_a_source(project: Project, tmp_path: Path) -> None:
    file = tmp_path / "graph.json"
    file.write_text("{}")
    for count, (scale, content) in enumerate([(0.5, "{}"), (0.25, "{}"), (0.25, "[]")], start=1):
        file.write_text(content)
        for _ in range(2):
            synthesize(project, DagDeployment(file, scale))
        assert runs(project) == count
        variables = json.loads((project.assembly / "environment.json").read_text())
        context = json.loads(variables["CDK_CONTEXT_JSON"])
        assert DagDeployment.from_context(context.get) == DagDeployment(file, scale)
    synthesize(project)
    assert runs(project) == 4


def test_an_assembly_that_is_gone_is_made_again(project: Project) -> None:
    (synthesize(project) / "manifest.json").unlink()
    synthesize(project)
    assert runs(project) == 2


@pytest.mark.parametrize("name", ["app.py", "cdk.json", "stacks/new.py", "lambdas/a/b/c.txt", "requirements/x.txt"])
def test_every_source_counts(project: Project, name: str) -> None:
    before = source_digest(project)
    file = project.root / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("something else")
    assert source_digest(project) != before


def test_what_is_no_source_does_not_count(project: Project) -> None:
    before = source_digest(project)
    (project.root / "README.md").write_text("x")
    cache = project.root / "lambdas" / "__pycache__"
    cache.mkdir()
    (cache / "x.pyc").write_text("x")
    assert source_digest(project) == before


def test_moving_bytes_from_one_file_to_the_next_counts(project: Project) -> None:
    first, second = project.root / "lambdas" / "a", project.root / "lambdas" / "b"
    first.write_text("xy")
    second.write_text("")
    before = source_digest(project)
    first.write_text("x")
    second.write_text("y")
    assert source_digest(project) != before


def test_the_app_sees_nothing_of_the_users_aws_account(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "mine")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    monkeypatch.setenv("CDK_DEFAULT_ACCOUNT", "111111111111")
    seen = json.loads((synthesize(project) / "environment.json").read_text())
    aws = {name: value for name, value in seen.items() if name.startswith("AWS_") or name == "CDK_DEFAULT_ACCOUNT"}
    assert aws == {"AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull}
    context = json.loads(seen["CDK_CONTEXT_JSON"])
    assert context["bundle_platform"]
    assert context["python"] == f"{sys.version_info.major}.{sys.version_info.minor}", "what functions here run"


def test_an_environment_is_synthesized_as_that_and_nothing_of_it_stays(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STEPWEAVE_ENVIRONMENT", "production")
    for environment in ("staging", "default", "staging"):
        seen = json.loads((synthesize(project, environment=environment) / "environment.json").read_text())
        assert json.loads(seen["CDK_CONTEXT_JSON"])["environment"] == environment


def test_a_failed_app_leaves_nothing_half_done(project: Project) -> None:
    good = (project.root / "app.py").read_text()
    synthesize(project)
    (project.root / "app.py").write_text(good + 'sys.exit("app.py: the linter has no handler\\nadd one")')
    with pytest.raises(CommandError, match="failed: the linter has no handler\nadd one") as failed:
        synthesize(project)
    assert "synth.log" in failed.value.hint
    assert not project.assembly.exists()
    with pytest.raises(CommandError):
        synthesize(project)
    (project.root / "app.py").write_text(good)
    synthesize(project)
    assert (project.assembly / "manifest.json").exists()


def test_an_app_that_writes_nothing_is_a_failure(project: Project) -> None:
    (project.root / "app.py").write_text("")
    with pytest.raises(CommandError, match="it wrote no cloud assembly"):
        synthesize(project)


JSII = """
Traceback (most recent call last):
  File "/p/app.py", line 21, in main
    App().synth()
  File "/v/jsii/_kernel/providers/process.py", line 342, in send
    raise RuntimeError(resp.error) from JavaScriptError(resp.stack)
jsii.errors.JavaScriptError:
  @jsii/kernel.RuntimeError: Error: There is already a Construct with name 'A'
      at Kernel._Kernel_ensureSync (/tmp/x.js:1:2)

The above exception was the direct cause of the following exception:

Traceback (most recent call last):
  File "/p/app.py", line 30, in <module>
    main()
RuntimeError: Error: There is already a Construct with name 'A'
"""


@pytest.mark.parametrize(
    ("output", "said"),
    [
        (JSII, "Error: There is already a Construct with name 'A'"),
        ("Traceback ...\n  File 'x'\nImportError: no module here\n", "no module here"),
        ("warning: old\napp.py: first\nsecond\n", "first\nsecond"),
        ("\n".join(f"line {number}" for number in range(30)), "\n".join(f"line {number}" for number in range(18, 30))),
        ("", "it printed nothing"),
    ],
)
def test_the_relevant_error(output: str, said: str) -> None:
    assert relevant_error(output) == said
