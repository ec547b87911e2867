"""Bring what was written into the shape that the project's own formatter wants."""

import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from stepweave.project.settings import Project


def format_files(project: Project, files: Sequence[Path]) -> None:
    """Sort imports and break lines as the project's ruff does; without one, files stay as they are."""
    ruff = shutil.which("ruff", path=str(Path(sys.executable).parent))
    if ruff is None:
        return
    for command in (["check", "--select", "I", "--fix"], ["format"]):
        subprocess.run([ruff, *command, "--quiet", *files], cwd=project.root, capture_output=True, check=False)  # noqa: S603
