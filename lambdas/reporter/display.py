"""How text that comes from a repository is shown, so that it can neither break a line nor hide what it says."""

import re
from collections.abc import Iterator

from lambdas.shared.repository.contract import ToolSettings

_SETTINGS_NAMED = 5


def visible(text: str) -> str:
    r"""Return `text` on one line, with characters that cannot be seen written as escapes.

    A file may be named with line breaks, with terminal escapes, or with characters that turn the direction of
    writing (and so make ``gpj.py`` look like ``py.jpg``).

    Example
    -------
    >>> visible("two\nlines")
    'two\\nlines'
    """
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode("ascii") for char in text)


def shortened(text: str, limit: int = 300) -> str:
    """Return the first `limit` characters of a text that is longer, with an ellipsis.

    A message may quote a string of any length from the code.
    """
    return text if len(text) <= limit else text[: limit - 1] + "…"


def quoted_parts(text: str) -> Iterator[tuple[str, bool]]:
    """Split a tool's message at what it quotes in backticks.

    Yields
    ------
    tuple[str, bool]
        A part of the message, and whether it was quoted; in order, and without the backticks around it.
    """
    if "``" in text:
        yield text, False
        return
    for index, part in enumerate(re.split(r"`([^`]+)`", text)):
        if part:
            yield part, index % 2 == 1


def settings_text(settings: ToolSettings) -> str:
    """Say whose settings counted when a tool ran.

    Example
    -------
    >>> settings_text(ToolSettings(files=("ruff.toml",)))
    "the repository's: ruff.toml"
    """
    if settings.problem:
        return f"the tool's defaults; the repository's were ignored: {shortened(settings.problem)}"
    if not settings.files:
        return "the tool's defaults"
    left = len(settings.files) - _SETTINGS_NAMED
    more = f" and {left} more" if left > 0 else ""
    return f"the repository's: {', '.join(settings.files[:_SETTINGS_NAMED])}{more}"


def visible_lines(text: str) -> list[str]:
    """Return the lines of `text`, each as `visible` shows it."""
    return [visible(line) for line in text.splitlines()]
