"""Lets the compiler follow a graph as deep as it is nested."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

_DEEP = 50_000


@contextmanager
def deep_recursion() -> Iterator[None]:
    """Raise Python's recursion limit while the context lasts: a caterpillar of a thousand tasks nests as deep."""
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(max(before, _DEEP))
    try:
        yield
    finally:
        sys.setrecursionlimit(before)
