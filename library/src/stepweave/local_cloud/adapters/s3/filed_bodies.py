"""The bodies of objects are in files, and their files are not kept open.

Upstream defect: bodies of up to 16 MB are in memory. A larger one is in a file that stays open as long as the object is
there, so that a thousand of them are more than a process may have.
"""

from __future__ import annotations

import tempfile
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Final
from uuid import uuid4

from moto.s3 import models

from stepweave.local_cloud.adapters.patch import replaced

IN_MEMORY: Final = 16 * 1024
"""Bytes that a body may have and be in memory."""


@contextmanager
def filed_bodies() -> Iterator[None]:
    """File the bodies of objects that are put from now on."""
    with tempfile.TemporaryDirectory(prefix="stepweave-s3-") as name:
        folder = Path(name)

        def new_body(max_size: int = 0) -> _Body:  # noqa: ARG001 - upstream's signature
            return _Body(folder)

        with replaced(models, "tempfile", SimpleNamespace(SpooledTemporaryFile=new_body)):
            yield


class _Body:
    """As much of a file as upstream uses of it: all is written at once, after it was made empty."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._small = b""
        self._path: Path | None = None
        self._position = 0
        self.close: Callable[[], object] = bool

    def seek(self, position: int) -> None:
        self._position = position

    def truncate(self) -> None:
        self.close()
        self._small, self._path = b"", None

    def write(self, content: bytes) -> None:
        if len(content) <= IN_MEMORY:
            self._small = bytes(content)
            return
        self._path = self._folder / uuid4().hex
        self._path.write_bytes(content)
        self.close = weakref.finalize(self, self._path.unlink, missing_ok=True)

    def read(self, count: int = -1) -> bytes:
        if self._path is None:
            content = self._small[self._position :]
            content = content if count < 0 else content[:count]
        else:
            with self._path.open("rb") as file:
                file.seek(self._position)
                content = file.read(count)
        self._position += len(content)
        return content
