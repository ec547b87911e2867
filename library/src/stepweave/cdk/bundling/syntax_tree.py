"""Parses sources, of which several threads read many at once."""

import ast
from threading import Lock
from typing import Final

_LOCK: Final = Lock()
"""Python 3.11 counts how deep it is in a tree for all threads together: one that took turns got a `SystemError`."""


def syntax_tree(source: bytes) -> ast.Module:
    """Return the syntax tree of a module.

    Parameters
    ----------
    source : bytes
        The module's source.

    Raises
    ------
    SyntaxError, ValueError, RecursionError
        If it is not valid Python.

    Example
    -------
    >>> len(syntax_tree(b"import json").body)
    1
    """
    with _LOCK:
        return ast.parse(source)
