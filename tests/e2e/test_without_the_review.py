"""The project that is left if the review's agents and its workflow are deleted, with their tests."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[2]
BIN = Path(sys.executable).parent
AGENTS = sorted(contract.parent.name for contract in PROJECT.glob("lambdas/*/contract.py"))
DELETED = [
    *(f"lambdas/{agent}" for agent in AGENTS),
    *(f"state_machines/{name}" for name in ("code_review.py", "code_review.asl.json")),
    "tests/agents",
    "tests/workflows",
]
CHECKS = (
    ("ruff", "check"),
    ("ruff", "format", "--check"),
    ("mypy",),
    ("lint-imports",),
    ("stepweave", "golden", "--check"),
    ("pytest", "-q", "-m", "not sfn_local and not adoption"),
)

pytestmark = [pytest.mark.adoption, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def left(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("left")
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=PROJECT, check=True, capture_output=True, text=True).stdout
    for name in filter(None, listed.split("\0")):
        if (PROJECT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(PROJECT / name, folder / name)
    for name in DELETED:
        path = folder / name
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    (folder / "node_modules").symlink_to(PROJECT / "node_modules")
    subprocess.run(["git", "init", "--quiet"], cwd=folder, check=True)
    subprocess.run(["git", "add", "--all"], cwd=folder, check=True)
    return folder


@pytest.mark.parametrize("check", CHECKS, ids=" ".join)
def test_what_is_left_passes(left: Path, check: tuple[str, ...]) -> None:
    program, *arguments = check
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "STEPWEAVE_"))}
    ended = subprocess.run(
        [BIN / program, *arguments], cwd=left, env=environment, check=False, capture_output=True, text=True
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
