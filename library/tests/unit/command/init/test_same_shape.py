"""The root of this repository, and what ``stepweave init`` makes, have the same shape."""

import re
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest

from stepweave.command.init.project import TEMPLATE, make

ROOT = Path(__file__).parents[5]
SAME = (".gitignore", "app.py", "cdk.json", "package-lock.json", "package.json", "stacks/__init__.py")
ONLY_ROOT = {"LICENSE", "docs", "library"}
"""The library, its pages and its licence, which the root is home to beside being a project."""
CI = {".ci", ".github"}
"""What runs the checks: here another service than most users have."""
ONLY_ROOT_TARGETS = {
    "adoption",
    "chaos",
    "needed",
    "properties",
    "public-api",
    "record",
    "slow",
    "test-sfn-local",
    "wheel",
}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make(tmp_path_factory.mktemp("shape") / "claims", None, "0.2.0", None)


def top_level_names() -> set[str]:
    listed = subprocess.run(["git", "-C", str(ROOT), "ls-files", "-z"], capture_output=True, text=True, check=True)
    return {path.partition("/")[0] for path in listed.stdout.split("\0") if path}


def targets(makefile: Path) -> set[str]:
    return set(re.findall(r"^([a-z-]+):.*## ", makefile.read_text(), re.MULTILINE))


def settings(folder: Path) -> dict[str, Any]:
    return tomllib.loads((folder / "pyproject.toml").read_text())["tool"]


@pytest.mark.parametrize("name", SAME)
def test_files_that_do_not_depend_on_names_are_the_same(name: str) -> None:
    assert (TEMPLATE / name).read_bytes() == (ROOT / name).read_bytes()


def test_top_level_names_are_the_same(made: Path) -> None:
    assert {path.name for path in made.iterdir()} - CI == top_level_names() - ONLY_ROOT - CI


def test_targets_of_make_are_the_same(made: Path) -> None:
    assert targets(made / "Makefile") == targets(ROOT / "Makefile") - ONLY_ROOT_TARGETS


def test_checks_are_as_strict(made: Path) -> None:
    own, root = settings(made), settings(ROOT)
    for key in ("select", "ignore", "mccabe"):
        assert own["ruff"]["lint"][key] == root["ruff"]["lint"][key]
    for key in ("strict", "python_version", "plugins", "files", "explicit_package_bases"):
        assert own["mypy"][key] == root["mypy"][key]
    assert own["pytest"]["ini_options"]["addopts"] == root["pytest"]["ini_options"]["addopts"]


def test_every_agent_and_workflow_has_its_usual_files(made: Path) -> None:
    for project in (made, ROOT):
        agents = [path.parent for path in project.glob("lambdas/*/contract.py")]
        assert agents
        assert all((agent / "handler.py").is_file() for agent in agents)
        workflows = [path for path in project.glob("state_machines/*.py") if path.name != "__init__.py"]
        assert workflows
        assert all(path.with_suffix(".asl.json").is_file() for path in workflows)
    assert (made / "lambdas/shared").is_dir()
