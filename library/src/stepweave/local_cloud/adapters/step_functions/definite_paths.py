"""A path that can only lead to one value yields that value.

Upstream defect: a path that goes on behind an array index, such as ``$[1].report``, yields a list of the one value that
it leads to, where AWS yields the value. Only wildcards, slices, filters and descents may yield lists. And the library
that follows paths makes an object of each value on the way, where a key or an index would do.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from jsonpath_ng.jsonpath import Child, Fields, Index, JSONPath, Root
from moto.stepfunctions.parser.asl.utils import json_path

from stepweave.local_cloud.adapters.patch import replaced

_KEPT_PATHS: Final = 4096


@dataclass(frozen=True)
class _Match:
    """What upstream looks at in a match: it makes a list of a match whose path is an index."""

    value: object
    path: object = None
    context: None = None


@dataclass(frozen=True)
class _DefinitePath:
    """The keys and indices that lead to the value, if it is there."""

    steps: tuple[str | int, ...]

    def find(self, data: Any) -> list[_Match]:
        for step in self.steps:
            if isinstance(step, str):
                if not isinstance(data, dict) or step not in data:
                    return []
            elif not isinstance(data, list) or not -len(data) <= step < len(data):
                return []
            data = data[step]
        return [_Match(data)]


@dataclass(frozen=True)
class _IndefinitePath:
    """A path whose matches, however many there are, make a list."""

    parsed: JSONPath

    def find(self, data: object) -> list[_Match]:
        return [_Match(match.value, Index(0)) for match in self.parsed.find(data)]


@contextmanager
def definite_paths() -> Iterator[None]:
    """Tell definite paths from those that may lead to many values."""
    upstream = json_path.parse

    @lru_cache(maxsize=_KEPT_PATHS)
    def parse(path: str) -> _DefinitePath | _IndefinitePath:
        parsed = upstream(path)
        steps = _steps(parsed)
        return _IndefinitePath(parsed) if steps is None else _DefinitePath(steps)

    with replaced(json_path, "parse", parse):
        yield


def _steps(parsed: Any) -> tuple[str | int, ...] | None:
    """The steps of a definite path, or None if it may lead to many values."""
    match parsed:
        case Root():
            return ()
        case Child(left=left, right=Fields(fields=(str() as key,))) if key != "*":
            before = _steps(left)
            return None if before is None else (*before, key)
        case Child(left=left, right=Index(indices=(int() as index,))):
            before = _steps(left)
            return None if before is None else (*before, index)
    return None
