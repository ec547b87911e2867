"""Changes of the environment's variables that are gone afterwards: a test's process is its author's."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def own_environment() -> Iterator[None]:
    """Put the environment's variables back, however the context ends.

    Example
    -------
    >>> with own_environment():
    ...     os.environ["ONLY_MEANWHILE"] = "1"
    >>> "ONLY_MEANWHILE" in os.environ
    False
    """
    before = dict(os.environ)
    try:
        yield
    finally:
        for name in os.environ.keys() - before.keys():
            del os.environ[name]
        for name, value in before.items():
            if os.environ.get(name) != value:
                os.environ[name] = value
