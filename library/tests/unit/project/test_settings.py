"""Where a project is, and what its settings may say."""

from pathlib import Path

import pytest

from stepweave.project.errors import ProjectError
from stepweave.project.settings import PROJECT_VARIABLE, find_project, require_project


def make_project(root: Path, settings: str = 'namespace = "claims"') -> Path:
    root.mkdir(parents=True, exist_ok=True)
    (root / "pyproject.toml").write_text(f"[tool.stepweave]\n{settings}\n")
    return root


@pytest.fixture(autouse=True)
def nothing_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(PROJECT_VARIABLE)


def test_the_nearest_project_upward_is_found(tmp_path: Path) -> None:
    outer = make_project(tmp_path / "outer")
    inner = make_project(outer / "examples" / "inner")
    deep = inner / "a" / "b"
    deep.mkdir(parents=True)
    (deep / "pyproject.toml").write_text("[project]\nname = 'of nobody'\n")
    for start, expected in ((outer, outer), (outer / "examples", outer), (deep, inner)):
        found = find_project(start)
        assert found is not None
        assert found.root == expected


def test_the_environment_may_name_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    named, other = make_project(tmp_path / "named"), make_project(tmp_path / "other")
    monkeypatch.setenv(PROJECT_VARIABLE, str(named))
    assert require_project(other).root == named
    monkeypatch.setenv(PROJECT_VARIABLE, str(tmp_path))
    with pytest.raises(ProjectError, match=r"no pyproject\.toml with a table"):
        require_project(other)


def test_elsewhere_it_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(ProjectError, match="stepweave init NAME"):
        require_project(tmp_path)


def test_folders_can_be_elsewhere(tmp_path: Path) -> None:
    settings = 'namespace = "c"\nagents = "src/agents"\nworkflows = "flows"'
    found = require_project(make_project(tmp_path, settings))
    assert found.agents_folder == tmp_path / "src" / "agents"
    assert (found.agents, found.workflows) == ("src.agents", "flows")


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ("", "needs a namespace"),
        ('namespace = "Claims"', "use lower-case letters"),
        ('namespace = ""', "use lower-case letters"),
        ('namespace = "a-"', "use lower-case letters"),
        (f'namespace = "{"a" * 23}"', "at most 22 characters"),
        ('namespace = "a-b"', "no hyphens"),
        ("namespace = 3", "must be text, not 3"),
        ('namespace = "c"\nagents = "stepweave"', "imports something else as stepweave"),
        ('namespace = "c"\nagents = "stepweave/agents"', "imports something else as stepweave"),
        ('namespace = "c"\nworkflows = "types/flows"', "imports something else as types"),
        ('namespace = "c"\nagent = "x"', "has no setting 'agent'; did you mean agents?"),
        ('namespace = "c"\nagents = "my-agents"', "a folder of the project that Python can import"),
        ('namespace = "c"\nagents = "../agents"', "a folder of the project that Python can import"),
        ('namespace = "c', "not valid TOML"),
    ],
)
def test_what_cannot_be_used_is_refused_with_its_place(tmp_path: Path, settings: str, message: str) -> None:
    make_project(tmp_path, settings)
    with pytest.raises(ProjectError, match=r"pyproject\.toml: ") as refused:
        require_project(tmp_path)
    assert message in str(refused.value)
