"""Ruff's binary is found in a bundle and in a virtual environment."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest
import ruff  # type: ignore[import-untyped]

from lambdas.linter.ruff_binary import ruff_binary


def bundle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mode: int) -> Path:
    """Lay files out as ``uv pip install --target`` does."""
    with ruff_binary() as installed:
        binary = tmp_path / "bin" / "ruff"
        binary.parent.mkdir()
        shutil.copyfile(installed, binary)
    binary.chmod(mode)
    package = tmp_path / "ruff"
    shutil.copytree(Path(ruff.__file__).parent, package)
    monkeypatch.setattr(ruff, "__file__", str(package / "__init__.py"))
    return binary


def test_in_a_virtual_environment_the_installed_binary_is_used() -> None:
    with ruff_binary() as binary:
        assert os.access(binary, os.X_OK)


def test_a_bundle_uses_its_own_binary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = bundle(tmp_path, monkeypatch, 0o755)

    with ruff_binary() as binary:
        assert binary == expected


def test_a_binary_that_lost_its_executable_bit_is_copied_and_the_copy_removed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = bundle(tmp_path, monkeypatch, 0o444)

    with ruff_binary() as binary:
        assert binary != original
        assert subprocess.check_output([binary, "--version"], text=True).startswith("ruff ")
    assert not binary.exists()
