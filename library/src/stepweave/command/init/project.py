"""Make a project of the template, at once or not at all."""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final

from stepweave.command.errors import EXIT_FAILED, CommandError
from stepweave.command.init.name import check_name, namespace_for
from stepweave.command.template import fill
from stepweave.command.terminal.file_writing import writing
from stepweave.project.settings import PROJECT_VARIABLE

TEMPLATE: Final = Path(__file__).parent / "template"
"""What a project is made of."""

WHEELS: Final = "requirements"
"""The folder of a project that keeps Stepweave's own wheel."""

_FIND_LINKS: Final = f"""
[tool.uv]
# Stepweave's wheel lies here, as long as no package index has it.
find-links = ["{WHEELS}"]
"""


def make(target: Path, namespace: str | None, version: str, wheel: Path | None) -> Path:
    """Make a project.

    Parameters
    ----------
    target : Path
        Its folder, which must be empty or not there; its last part is the project's name.
    namespace : str | None
        Its namespace; made of the name if not given.
    version : str
        The version of Stepweave that it needs.
    wheel : Path | None
        The wheel of that version, for a copy of it in the project.

    Returns
    -------
    Path
        The folder, as it was given.

    Raises
    ------
    CommandError
        If the name or the folder will not do. Nothing is left behind then.
    """
    place = Path(os.path.abspath(target))  # noqa: PTH100 - a link keeps the name that it was given
    check_name(place.name)
    values = {
        "name": place.name,
        "namespace": namespace_for(place.name, namespace),
        "version": version,
        "find_links": "" if wheel is None else _FIND_LINKS,
    }
    with writing(place):
        _check_place(place)
        beside = place if place.is_dir() else place.parent
        with tempfile.TemporaryDirectory(prefix=f".{place.name}-", dir=beside) as scratch:
            made = Path(scratch, place.name)
            fill(TEMPLATE, made, values)
            if wheel is not None:
                shutil.copyfile(wheel, made / WHEELS / wheel.name)
            _write_golden_files(made)
            _move(made, place)
    return target


def _check_place(place: Path) -> None:
    if place.is_dir():
        if any(place.iterdir()):
            raise CommandError(f"{place} is there already, and not empty", "choose another name")
    elif place.exists() or place.is_symlink():
        raise CommandError(f"{place} is there already, and no folder", "choose another name")
    elif not place.parent.is_dir():
        raise CommandError(f"{place.parent}: no such folder", "make it first")


def _write_golden_files(made: Path) -> None:
    """Compile the workflows of a project in a process of its own, for its packages are called as those of others."""
    ended = subprocess.run(
        [sys.executable, "-B", "-c", "from stepweave.command.main import main; main()", "golden"],
        cwd=made,
        env={**os.environ, PROJECT_VARIABLE: str(made)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )
    if ended.returncode != 0:
        raise CommandError(f"the new project's workflow does not compile: {ended.stderr.strip()}", "", EXIT_FAILED)


def _move(made: Path, place: Path) -> None:
    """Move a project to its place; an empty folder stays the same folder, for a shell may be in it."""
    if not place.is_dir():
        made.rename(place)
        return
    moved: list[Path] = []
    try:
        for child in sorted(made.iterdir()):
            moved.append(child.rename(place / child.name))  # noqa: PERF401 - what was moved is known if the next fails
    except BaseException:
        for child in moved:
            child.rename(made / child.name)
        raise
