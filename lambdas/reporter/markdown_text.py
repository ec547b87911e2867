"""Markdown of single values: text that comes from a repository must not become markup."""

import re
from collections.abc import Iterable, Sequence

from lambdas.reporter.display import quoted_parts, shortened, visible, visible_lines

_ENTITIES = {char: f"&#{ord(char)};" for char in "&<>`|\\"}
_ESCAPES = {char: "\\" + char for char in "*_[]~#!$"}
_MARKUP = str.maketrans({**_ENTITIES, **_ESCAPES})
# Everything that could end the element, or be markup inside it, since Markdown goes on inside inline HTML.
_MARKUP_IN_ELEMENT = str.maketrans({char: f"&#{ord(char)};" for char in "&<>`|\\*_[]~#!$@:"})
_AUTOLINK = re.compile(r":(?=//)|(?<=www)\.", re.IGNORECASE)
_MENTION = re.compile(r"(?<!\w)(@\w[\w-]*)")


def plain(text: str) -> str:
    """Return Markdown that shows `text` as it is, on one line."""
    return _AUTOLINK.sub(lambda match: f"&#{ord(match[0])};", visible(text).translate(_MARKUP))


def code(text: str) -> str:
    """Return Markdown that shows `text` as inline code, also inside a table."""
    shown = visible(text)
    if not shown.strip() or any(char in shown for char in "`|\\") or shown != shown.strip():
        return f"<code>{shown.translate(_MARKUP_IN_ELEMENT)}</code>"
    return f"`{shown}`"


def message(text: str) -> str:
    """Return Markdown of a tool's message: what it quotes in backticks becomes code.

    So does what GitHub would take for the name of a person to notify, where the report is pasted into a comment.
    """
    parts: list[str] = []
    for part, quoted in quoted_parts(shortened(text)):
        if quoted:
            parts.append(code(part))
        else:
            parts += [code(piece) if index % 2 else plain(piece) for index, piece in enumerate(_MENTION.split(part))]
    return "".join(parts)


def link(text: str, url: str | None) -> str:
    """Return a link to a web page; only the text where there is no such page."""
    if url and re.fullmatch(r"https?://[\w.~:/?#@!$&'*+,;=%-]+", url, re.ASCII):
        return f"[{text}]({url})"
    return text


def block(text: str) -> list[str]:
    """Return the lines of a code block that shows `text` line by line."""
    lines = visible_lines(text) or [""]
    longest = max((len(run) for line in lines for run in re.findall("`+", line)), default=0)
    fence = "`" * max(3, longest + 1)
    return [f"{fence}text", *lines, fence]


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """Return the lines of a table; cells are Markdown, and a heading that ends in ``:`` aligns right."""
    head = " | ".join(cell.rstrip(":") for cell in header)
    rule = " | ".join("---:" if cell.endswith(":") else "---" for cell in header)
    return [f"| {head} |", f"| {rule} |", *(f"| {' | '.join(row)} |" for row in rows), ""]
