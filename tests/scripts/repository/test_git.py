from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from scripts.repository.errors import RepositoryError
from scripts.repository.git import run_git


def test_variables_that_point_elsewhere_are_ignored(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "elsewhere"))
    run_git(["init", "--quiet"], directory=tmp_path)
    assert (tmp_path / ".git").is_dir()
    assert not (tmp_path / "elsewhere").exists()


def test_a_command_that_fails_is_a_result(tmp_path: Path) -> None:
    result = run_git(["rev-parse", "HEAD"], directory=tmp_path)
    assert result.returncode == 128
    assert "not a git repository" in result.stderr


def test_a_command_that_takes_too_long_is_stopped_with_all_that_it_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "git"
    program.write_text(f"#!/bin/sh\n/bin/sleep 600 &\necho $! > {tmp_path}/child\nwait\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(RepositoryError, match="git clone took longer than 1 s and was stopped"):
        run_git(["clone", "x"], directory=tmp_path, seconds=1)
    child = int((tmp_path / "child").read_text())
    for _ in range(100):
        try:
            os.kill(child, 0)
        except ProcessLookupError:
            return
        # Ended, and waiting for its new parent to notice.
        if "State:\tZ" in _status(child):
            return
        time.sleep(0.1)
    pytest.fail("what git started is still running")


def _status(process: int) -> str:
    try:
        return Path(f"/proc/{process}/status").read_text()
    except OSError:
        return ""
