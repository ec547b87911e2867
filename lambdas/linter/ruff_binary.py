"""Where ruff's binary is: beside the package in a function's bundle, in ``bin`` in a virtual environment."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import ruff  # type: ignore[import-untyped]


@contextmanager
def ruff_binary() -> Iterator[Path]:
    """Yield the path of an executable ruff, of the version that is imported.

    A bundle that was zipped may have lost the executable bit and cannot be written to; the binary is then copied to a
    temporary directory for as long as the context lasts.

    Raises
    ------
    FileNotFoundError
        If ruff is not installed.
    """
    beside = Path(ruff.__file__).parent.parent / "bin" / "ruff"
    binary = beside if beside.is_file() else Path(ruff.find_ruff_bin())
    if os.access(binary, os.X_OK):
        yield binary
        return
    with tempfile.TemporaryDirectory(prefix="stepweave-ruff-") as place:
        copy = Path(place) / "ruff"
        shutil.copyfile(binary, copy)
        copy.chmod(0o700)
        yield copy
