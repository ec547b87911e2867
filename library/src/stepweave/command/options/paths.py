"""Paths that are given as options, refused before anything is done if they cannot be used."""

import os
from pathlib import Path

import typer


def existing_file(text: str) -> Path:
    """Return the path of a file that is to be read.

    Raises
    ------
    typer.BadParameter
        If it is empty, missing, a directory, or may not be read; the command then ends with exit code 2.
    """
    path = _path(text)
    if path.is_dir():
        raise typer.BadParameter(f"{text} is a directory; give a file")
    if not path.exists():
        raise typer.BadParameter(f"{text}: no such file")
    if not os.access(path, os.R_OK):
        raise typer.BadParameter(f"{text}: permission denied")
    return path


def cloud_assembly(text: str) -> Path:
    """Return the path of a cloud assembly that is to be deployed.

    Raises
    ------
    typer.BadParameter
        If it is empty, or holds no manifest; the command then ends with exit code 2.
    """
    path = _path(text)
    if not (path / "manifest.json").is_file():
        raise typer.BadParameter(f"{text}: no cloud assembly; give the folder that `cdk synth` writes, usually cdk.out")
    return path


def writable_folder(text: str) -> Path:
    """Return the path of a folder that is to be written to, and made if it is not there.

    Raises
    ------
    typer.BadParameter
        If it is empty, a file, below a file, or may not be written to; the command then ends with exit code 2.
    """
    path = _path(text)
    absolute = path.absolute()
    there = next(folder for folder in (absolute, *absolute.parents) if os.path.lexists(folder))
    if not there.is_dir():
        what = "is a file" if there.exists() else "is a symbolic link to nothing"
        raise typer.BadParameter(f"{there} {what}; give a folder")
    if not os.access(there, os.W_OK | os.X_OK):
        raise typer.BadParameter(f"{there}: permission denied; give a folder that you may write to")
    return path


def _path(text: str) -> Path:
    if not text.strip():
        raise typer.BadParameter("the path is empty; give one, or leave the option out")
    try:
        os.stat(text)  # noqa: PTH116 - whether the system takes it for a path at all
    except (FileNotFoundError, NotADirectoryError):
        pass
    except ValueError as error:
        raise typer.BadParameter(f"not a path: {error}") from error
    except OSError as error:
        raise typer.BadParameter(f"{text[:200]}: {error.strerror}") from error
    return Path(text)
