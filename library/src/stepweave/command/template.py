"""Folders that a command makes of files that lie in this package."""

import shutil
from collections.abc import Mapping
from pathlib import Path
from string import Template
from typing import Final

_SUFFIX: Final = ".template"


def fill(template: Path, target: Path, values: Mapping[str, str]) -> None:
    """Make a folder of a folder of templates.

    A file whose name ends in ``.template`` is filled in and loses that ending; every other is copied as it is.

    Parameters
    ----------
    template : Path
        The folder of templates.
    target : Path
        The folder to make, which must not be there.
    values : Mapping[str, str]
        What takes the place of ``$name`` and ``${name}``.

    Raises
    ------
    OSError
        If a file cannot be written.
    """
    target.mkdir()
    for source in sorted(template.iterdir()):
        if source.name == "__pycache__":  # installers compile what ends in .py
            continue
        if source.is_dir():
            fill(source, target / source.name, values)
        elif source.name.endswith(_SUFFIX):
            (target / source.name.removesuffix(_SUFFIX)).write_text(filled(source, values), encoding="utf-8")
        else:
            shutil.copyfile(source, target / source.name)


def filled(template: Path, values: Mapping[str, str]) -> str:
    """Return the text of a template with its values."""
    return Template(template.read_text(encoding="utf-8")).substitute(values)
