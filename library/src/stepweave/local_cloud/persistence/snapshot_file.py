"""The file that keeps the state of a local cloud: a SQLite database, so that it always holds one whole state."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from stepweave.local_cloud.errors import LocalCloudError
from stepweave.local_cloud.persistence.json_values import from_json, to_json

FILE_NAME: Final = "local-cloud.sqlite"
_APPLICATION: Final = 0x53775776
_FORMAT: Final = 1
_TABLES: Final = """
CREATE TABLE entry (kind TEXT NOT NULL, key TEXT NOT NULL, position INTEGER NOT NULL, value BLOB NOT NULL,
                    PRIMARY KEY (kind, key));
CREATE TABLE object (bucket TEXT NOT NULL, key TEXT NOT NULL, version TEXT NOT NULL, about BLOB NOT NULL,
                     body BLOB NOT NULL, PRIMARY KEY (bucket, key));
"""


class SnapshotError(LocalCloudError):
    """A folder does not hold a state that can be used; what is in it was not changed."""


@dataclass(frozen=True)
class KeptObject:
    """An object of a bucket.

    Parameters
    ----------
    bucket, key
        Where it belongs.
    version
        Changes whenever the object does.
    about
        The arguments of ``PutObject`` besides its place and its body.
    body
        Its content.
    """

    bucket: str
    key: str
    version: str
    about: Mapping[str, Any]
    body: bytes


class SnapshotFile:
    """A state that is kept: entries of several kinds, in order, and the objects of buckets.

    Parameters
    ----------
    folder
        Where the file is, or will be; made if it is not there.

    Raises
    ------
    SnapshotError
        If there is a file that is damaged, not ours, of another release, or in use.
    """

    def __init__(self, folder: Path) -> None:
        self.path = folder.resolve() / FILE_NAME
        self._lock = threading.Lock()
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._database = sqlite3.connect(self.path, isolation_level=None, check_same_thread=False, timeout=0.5)
        except (OSError, sqlite3.Error) as error:
            raise SnapshotError(f"{folder}: the state cannot be kept there: {error}; choose another folder") from error
        try:
            self._open()
        except BaseException:
            self._database.close()
            raise

    def _open(self) -> None:
        try:
            self._database.execute("PRAGMA locking_mode = EXCLUSIVE")
            self._database.execute("BEGIN EXCLUSIVE")
            self._database.execute("COMMIT")
            if self._is_empty():
                self._create()
                return
            application, form = self._pragma("application_id"), self._pragma("user_version")
            damage = self._pragma("quick_check") if application == _APPLICATION else "ok"
        except sqlite3.OperationalError as error:
            if "locked" in str(error):
                raise SnapshotError(f"{self.path} is in use by another local cloud: stop it first") from error
            raise SnapshotError(f"{self.path} cannot be read: {error}") from error
        except sqlite3.DatabaseError as error:
            raise SnapshotError(f"{self.path} is damaged ({error}){_ADVICE}") from error
        if application != _APPLICATION:
            raise SnapshotError(f"{self.path} was not written by a local cloud{_ADVICE}")
        if form != _FORMAT:
            raise SnapshotError(f"{self.path} has format {form}, and this release reads {_FORMAT}{_ADVICE}")
        if damage != "ok":
            raise SnapshotError(f"{self.path} is damaged ({damage}){_ADVICE}")

    def _is_empty(self) -> bool:
        (count,) = self._database.execute("SELECT count(*) FROM sqlite_master").fetchone()
        return not count and not self._pragma("application_id")

    def _create(self) -> None:
        with self.writing():
            for statement in _TABLES.split(";"):
                self._database.execute(statement)
            self._database.execute(f"PRAGMA application_id = {_APPLICATION}")
            self._database.execute(f"PRAGMA user_version = {_FORMAT}")

    def _pragma(self, name: str) -> Any:
        return self._database.execute(f"PRAGMA {name}").fetchone()[0]

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Make everything that is written in this context one change, or none if it fails."""
        with self._lock:
            self._database.execute("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                self._database.execute("ROLLBACK")
                raise
            self._database.execute("COMMIT")

    def entries(self, kind: str) -> dict[str, Any]:
        """Return the entries of a kind by their keys, in the order in which they were written."""
        rows = self._database.execute("SELECT key, value FROM entry WHERE kind = ? ORDER BY position", (kind,))
        return {key: from_json(value) for key, value in rows}

    def replace(self, kind: str, entries: Mapping[str, object]) -> None:
        """Let these be all entries of a kind. Call it in `writing`."""
        rows = [(kind, key, position, to_json(value)) for position, (key, value) in enumerate(entries.items())]
        known = {row[0] for row in self._database.execute("SELECT key FROM entry WHERE kind = ?", (kind,))}
        self._database.executemany(
            "INSERT INTO entry VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET position = excluded.position, "
            "value = excluded.value WHERE position IS NOT excluded.position OR value IS NOT excluded.value",
            rows,
        )
        gone = [(kind, key) for key in known - entries.keys()]
        self._database.executemany("DELETE FROM entry WHERE kind = ? AND key = ?", gone)

    def objects(self) -> Iterator[KeptObject]:
        """Yield all objects."""
        rows = self._database.execute("SELECT bucket, key, version, about, body FROM object ORDER BY bucket, key")
        for bucket, key, version, about, body in rows:
            yield KeptObject(bucket, key, version, from_json(about), body)

    def versions(self) -> dict[tuple[str, str], str]:
        """Return the version of each object by its bucket and key."""
        rows = self._database.execute("SELECT bucket, key, version FROM object")
        return {(bucket, key): version for bucket, key, version in rows}

    def put(self, kept: KeptObject) -> None:
        """Keep an object. Call it in `writing`."""
        row = (kept.bucket, kept.key, kept.version, to_json(kept.about), kept.body)
        self._database.execute("INSERT OR REPLACE INTO object VALUES (?, ?, ?, ?, ?)", row)

    def remove(self, bucket: str, key: str) -> None:
        """Forget an object. Call it in `writing`."""
        self._database.execute("DELETE FROM object WHERE bucket = ? AND key = ?", (bucket, key))

    def close(self) -> None:
        """Let go of the file."""
        with self._lock:
            self._database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()


_ADVICE: Final = "; it was left as it is: move it away, or choose another folder"
