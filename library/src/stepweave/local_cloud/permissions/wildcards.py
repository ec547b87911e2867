"""Patterns of policies: wildcards, policy variables, and ARNs, which match part by part."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Final

_VARIABLE: Final = re.compile(r"\$\{\s*([^},]+?)\s*(?:,\s*'([^']*)'\s*)?\}")
_LITERALS: Final = frozenset("*?$")
_ARN_PARTS: Final = 6

Context = Mapping[str, tuple[str, ...]]
"""The values of condition keys, by the keys in lower case."""


def matches(pattern: str, text: str) -> bool:
    """Tell whether a text matches a pattern without variables; ``*`` stands for any text, ``?`` for one character.

    Example
    -------
    >>> matches("s3:Get*", "s3:GetObject"), matches("arn:?", "arn:")
    (True, False)
    """
    return _compiled(pattern)(text)


def pattern_with(pattern: str, context: Context, *, has_variables: bool) -> str | None:
    """Return a pattern in which policy variables are replaced, or None if one of them has no single value.

    What wildcards stand in a value, and in ``${*}``, are taken literally: they come out as ``\\x00*``.

    Example
    -------
    >>> pattern_with("home/${aws:PrincipalTag/team}/*", {"aws:principaltag/team": ("a",)}, has_variables=True)
    'home/a/*'
    """
    if not has_variables or "${" not in pattern:
        return pattern
    is_complete = True

    def value(found: re.Match[str]) -> str:
        nonlocal is_complete
        name, default = found[1], found[2]
        if name in _LITERALS:
            return f"\x00{name}"
        values = context.get(name.lower(), ())
        if len(values) != 1 and default is None:
            is_complete = False
        given = values[0] if len(values) == 1 else default or ""
        return re.sub(r"[*?]", lambda wildcard: f"\x00{wildcard[0]}", given)

    replaced = _VARIABLE.sub(value, pattern)
    return replaced if is_complete else None


def plain(pattern: str) -> str:
    """Return the text that a replaced pattern is, where wildcards mean nothing."""
    return pattern.replace("\x00", "")


def arn_matches(pattern: str, arn: str) -> bool:
    """Tell whether an ARN matches a pattern: no wildcard reaches over one of its first five colons.

    Parts that a pattern leaves out match anything.

    Example
    -------
    >>> [arn_matches(pattern, "arn:aws:s3:::bucket/a/b") for pattern in ("arn:aws:s3:::bucket/*", "arn:aws:*:bucket/*")]
    [True, False]
    """
    if pattern == "*":
        return True
    wanted, given = pattern.split(":", _ARN_PARTS - 1), arn.split(":", _ARN_PARTS - 1)
    if len(given) < len(wanted):
        return False
    return all(map(matches, wanted, given))


@lru_cache(maxsize=4096)
def _compiled(pattern: str) -> Callable[[str], bool]:
    """Return what tells whether a text matches; most patterns need no regular expression."""
    if "*" not in pattern and "?" not in pattern:
        return plain(pattern).__eq__
    if pattern == "*":
        return lambda _: True
    parts = re.split(r"(\x00.|[*?])", pattern, flags=re.DOTALL)
    wild = {"*": ".*", "?": "."}
    expression = "".join(wild.get(part) or re.escape(part.removeprefix("\x00")) for part in parts)
    found = re.compile(expression, re.DOTALL)
    return lambda text: found.fullmatch(text) is not None
