"""The wheel of Stepweave that a project takes with it, as long as no package index has it."""

from importlib.metadata import version
from pathlib import Path

from stepweave.command.errors import CommandError


def installed_version() -> str:
    """Return the version of Stepweave that runs."""
    return version("stepweave")


def matching_wheel(folder: Path) -> Path:
    """Return the wheel in a folder that has the version that runs, whose templates a project is made of.

    Raises
    ------
    CommandError
        If there is none.
    """
    wanted = installed_version()
    if not folder.is_dir():
        raise CommandError(f"--find-links {folder}: no such folder", "name the folder that holds Stepweave's wheel")
    found = sorted(folder.glob(f"stepweave-{wanted}-*.whl"))
    if not found:
        raise CommandError(
            f"--find-links {folder}: no wheel of Stepweave {wanted} is there, which is the version that runs",
            "build it: `make wheel` in Stepweave's repository writes it to dist/",
        )
    return found[-1]
