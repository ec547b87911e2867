"""A project is made at once, or not at all."""

import os
import tomllib
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

import stepweave.command.init.project as new_project
from stepweave.command.init.wheel import installed_version
from stepweave.command.main import app
from stepweave.project.settings import require_project


def init(*arguments: str | Path) -> Result:
    plain = {"NO_COLOR": "1", "COLUMNS": "100", "TERM": "dumb"}
    return CliRunner(env=plain).invoke(app, ["init", *map(str, arguments)])


@pytest.fixture
def wheels(tmp_path: Path) -> Path:
    """A folder with a file that is named as the wheel that runs, and with others."""
    folder = tmp_path / "wheels"
    folder.mkdir()
    for version in (installed_version(), "0.0.1"):
        (folder / f"stepweave-{version}-py3-none-any.whl").write_bytes(version.encode())
    return folder


def files_of(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def test_a_project_has_what_it_is_called_and_its_compiled_workflow(tmp_path: Path, wheels: Path) -> None:
    result = init(tmp_path / "Claims-Intake", "--find-links", wheels)
    assert result.exit_code == 0, result.output
    project = require_project(tmp_path / "Claims-Intake")
    assert project.namespace == "claimsintake"
    settings = tomllib.loads((project.root / "pyproject.toml").read_text())
    assert settings["project"]["name"] == "Claims-Intake"
    assert settings["project"]["dependencies"] == [f"stepweave[cdk,local,test]~={installed_version()}"]
    assert settings["tool"]["uv"]["find-links"] == ["requirements"]
    wheel = f"stepweave-{installed_version()}-py3-none-any.whl"
    assert (project.root / "requirements" / wheel).read_bytes() == installed_version().encode()
    assert "state_machines/hello.asl.json" in files_of(project.root)
    assert "# Claims-Intake" in (project.root / "README.md").read_text()


def test_nothing_but_the_project_is_left(tmp_path: Path) -> None:
    assert init(tmp_path / "claims").exit_code == 0
    assert list(tmp_path.iterdir()) == [tmp_path / "claims"]
    odd = {name for name in files_of(tmp_path / "claims") if "__pycache__" in name or name.endswith(".template")}
    assert not odd
    umask = os.umask(0)
    os.umask(umask)
    assert (tmp_path / "claims").stat().st_mode & 0o777 == 0o777 & ~umask


def test_without_a_wheel_the_index_is_named(tmp_path: Path) -> None:
    result = init(tmp_path / "claims", "--namespace", "acme")
    assert result.exit_code == 0, result.output
    assert "--find-links" in result.stderr
    settings = tomllib.loads((tmp_path / "claims" / "pyproject.toml").read_text())
    assert "uv" not in settings["tool"]
    assert settings["tool"]["stepweave"]["namespace"] == "acme"


def test_the_current_folder_will_do_if_it_is_empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "claims"
    folder.mkdir()
    inode = folder.stat().st_ino
    monkeypatch.chdir(folder)
    assert init(".").exit_code == 0
    assert folder.stat().st_ino == inode
    assert "app.py" in files_of(folder)
    again = init(".")
    assert again.exit_code == 2
    assert "not empty" in again.stderr


def refuse_existing(tmp_path: Path) -> list[str]:
    (tmp_path / "claims").mkdir()
    (tmp_path / "claims" / "mine.txt").write_text("mine")
    return [str(tmp_path / "claims")]


def refuse_file(tmp_path: Path) -> list[str]:
    (tmp_path / "claims").write_text("mine")
    return [str(tmp_path / "claims")]


def refuse_dangling_link(tmp_path: Path) -> list[str]:
    (tmp_path / "claims").symlink_to(tmp_path / "nowhere")
    return [str(tmp_path / "claims")]


def refuse_no_parent(tmp_path: Path) -> list[str]:
    return [str(tmp_path / "nowhere" / "claims")]


def refuse_name(tmp_path: Path) -> list[str]:
    return [str(tmp_path / "json")]


def refuse_namespace(tmp_path: Path) -> list[str]:
    return [str(tmp_path / "claims"), "--namespace", "No"]


def refuse_no_wheel(tmp_path: Path) -> list[str]:
    return [str(tmp_path / "claims"), "--find-links", str(tmp_path)]


def refuse_no_folder_of_wheels(tmp_path: Path) -> list[str]:
    return [str(tmp_path / "claims"), "--find-links", str(tmp_path / "nowhere")]


def refuse_file_as_parent(tmp_path: Path) -> list[str]:
    (tmp_path / "file").write_text("mine")
    return [str(tmp_path / "file" / "claims")]


@pytest.mark.parametrize(
    "prepare",
    [
        refuse_existing, refuse_file, refuse_dangling_link, refuse_no_parent, refuse_name, refuse_namespace,
        refuse_no_wheel, refuse_no_folder_of_wheels, refuse_file_as_parent,
    ],
)  # fmt: skip
def test_what_is_refused_changes_nothing(tmp_path: Path, prepare: object) -> None:
    assert callable(prepare)
    arguments = prepare(tmp_path)
    before = sorted(tmp_path.rglob("*"))
    result = init(*arguments)
    assert result.exit_code == 2, result.output
    assert result.stderr.startswith("error: ")
    assert "Traceback" not in result.output
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize("there", [True, False])
@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), KeyboardInterrupt()])
def test_what_fails_on_the_way_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, there: bool, error: BaseException
) -> None:
    if there:
        (tmp_path / "claims").mkdir()

    def fail(_: Path) -> None:
        raise error

    monkeypatch.setattr(new_project, "_write_golden_files", fail)
    before = sorted(tmp_path.rglob("*"))
    result = init(tmp_path / "claims")
    assert result.exit_code in (1, 130)
    assert sorted(tmp_path.rglob("*")) == before


def test_an_empty_folder_is_empty_again_if_moving_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "claims").mkdir()
    rename = Path.rename

    def fail_on_the_last(self: Path, target: Path) -> Path:
        if self.name == "tests" and target.parent == tmp_path / "claims":
            raise OSError(28, "No space left on device")
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", fail_on_the_last)
    assert init(tmp_path / "claims").exit_code == 1
    assert list((tmp_path / "claims").iterdir()) == []
