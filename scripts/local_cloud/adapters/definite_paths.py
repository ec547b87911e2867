"""A path that can only lead to one value yields that value.

Upstream defect: a path that goes on behind an array index, such as ``$[1].report``, yields a list of the one value that
it leads to, where AWS yields the value. Only wildcards, slices, filters and descents may yield lists.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from jsonpath_ng.jsonpath import Child, Fields, Index, JSONPath, Root
from moto.stepfunctions.parser.asl.utils import json_path

from scripts.local_cloud.adapters.patch import replaced

_KEPT_PATHS: Final = 4096


@dataclass(frozen=True)
class _Match:
    """What upstream looks at in a match: it makes a list of a match whose path is an index."""

    value: object
    path: object = None
    context: None = None


@dataclass(frozen=True)
class _Path:
    """A parsed path that says of its matches whether they make a list."""

    parsed: JSONPath
    definite: bool

    def find(self, data: object) -> list[_Match]:
        path = None if self.definite else Index(0)
        return [_Match(match.value, path) for match in self.parsed.find(data)]


@contextmanager
def definite_paths() -> Iterator[None]:
    """Tell definite paths from those that may lead to many values."""
    upstream = json_path.parse

    @lru_cache(maxsize=_KEPT_PATHS)
    def parse(path: str) -> _Path:
        parsed = upstream(path)
        return _Path(parsed, _is_definite(parsed))

    with replaced(json_path, "parse", parse):
        yield


def _is_definite(parsed: Any) -> bool:
    match parsed:
        case Root():
            return True
        case Child():
            return _is_definite(parsed.left) and _is_definite(parsed.right)
        case Fields():
            return len(parsed.fields) == 1 and parsed.fields[0] != "*"
        case Index():
            return len(parsed.indices) == 1
    return False
