"""Replace an attribute of an upstream module or class for as long as a context lasts.

What is replaced is known by a digest of its source, see `stepweave.local_cloud.adapters.upstream_digests`.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

_witnesses: Final[list[list[object]]] = []


@contextmanager
def replaced(owner: object, name: str, value: object) -> Iterator[None]:
    """Set ``owner.name`` to ``value`` and put back what was there.

    An attribute that ``owner`` merely inherits is removed again rather than copied down.

    Raises
    ------
    AttributeError
        If there is no such attribute: upstream changed, and the adapter must be looked at again.
    """
    upstream = getattr(owner, name)
    for witness in _witnesses:
        witness.append(upstream)
    own = vars(owner)
    is_own, before = name in own, own.get(name)
    setattr(owner, name, value)
    try:
        yield
    finally:
        if is_own:
            setattr(owner, name, before)
        else:
            delattr(owner, name)


@contextmanager
def witnessed() -> Iterator[list[object]]:
    """Yield a list that gets what is replaced, as it was before, for as long as the context lasts."""
    seen: list[object] = []
    _witnesses.append(seen)
    try:
        yield seen
    finally:
        _witnesses.remove(seen)


@contextmanager
def added(owner: object, name: str, value: object) -> Iterator[None]:
    """Set ``owner.name``, which upstream lacks, to ``value`` and remove it again.

    Raises
    ------
    AttributeError
        If there is such an attribute: upstream has learnt it, and the adapter must be looked at again.
    """
    if hasattr(owner, name):
        raise AttributeError(f"{owner!r} has {name!r} already")
    setattr(owner, name, value)
    try:
        yield
    finally:
        delattr(owner, name)
