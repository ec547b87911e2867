from pathlib import Path

import pytest

from stepweave.command.project import find_project


def make_project(root: Path) -> Path:
    (root / "state_machines").mkdir(parents=True)
    (root / "app.py").touch()
    (root / "cdk.json").touch()
    return root


def test_the_nearest_project_upward_is_found(tmp_path: Path) -> None:
    outer = make_project(tmp_path / "outer")
    inner = make_project(outer / "examples" / "inner")
    deep = inner / "a" / "b"
    deep.mkdir(parents=True)
    for start, expected in ((outer, outer), (outer / "examples", outer), (deep, inner)):
        found = find_project(start, installed=tmp_path)
        assert found is not None
        assert found.root == expected


def test_elsewhere_it_is_the_one_that_the_command_came_from(tmp_path: Path) -> None:
    installed = make_project(tmp_path / "installed")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    found = find_project(elsewhere, installed=installed)
    assert found is not None
    assert found.assembly == installed / ".stepweave" / "cdk.out"


@pytest.mark.parametrize("missing", ["app.py", "cdk.json"])
def test_another_cdk_app_is_no_stepweave_project(tmp_path: Path, missing: str) -> None:
    root = make_project(tmp_path / "other")
    (root / missing).unlink()
    assert find_project(root, installed=tmp_path) is None
    (root / missing).touch()
    (root / "state_machines").rmdir()
    assert find_project(root, installed=tmp_path) is None
