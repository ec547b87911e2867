r"""Characters that are escaped in a text argument of an intrinsic function arrive as themselves.

Upstream defect: an intrinsic function is parsed as the JSON text spells it, with JSON's escapes in it; and the
backslash of ``\'``, ``\{``, ``\}`` and ``\\`` stays in the text. So no JSON object can be given to
``States.StringToJson``, and a template of ``States.Format`` can hold no braces but its placeholders. A line end or a
tab in a text is refused.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any, Final

from moto.stepfunctions.parser.asl.component.intrinsic.argument.argument import ArgumentLiteral
from moto.stepfunctions.parser.asl.parse.intrinsic.intrinsic_parser import IntrinsicParser
from moto.stepfunctions.parser.asl.parse.intrinsic.preprocessor import Preprocessor

from stepweave.local_cloud.adapters.patch import replaced

_ESCAPE: Final = re.compile(r"\\(.)", re.DOTALL)
_PART: Final = re.compile(r"\\(.)|(\{\})|(.)", re.DOTALL)
_QUOTED: Final = re.compile(r"'(?:\\.|[^'\\])*'", re.DOTALL)
_CONTROL: Final = {"n": "\n", "t": "\t", "r": "\r"}
_ESCAPED_CONTROL: Final = str.maketrans({character: f"\\{letter}" for letter, character in _CONTROL.items()})


class _Text(str):
    """The text of an argument that also knows how it was written, for ``States.Format``."""

    __slots__ = ("written",)
    written: str


@contextmanager
def escaped_strings() -> Iterator[None]:
    """Take the backslashes off."""
    upstream_parse = IntrinsicParser.parse

    def parse(source: str) -> Any:
        text = json.loads(f'"{source}"', strict=False)
        return upstream_parse(_QUOTED.sub(lambda quoted: quoted[0].translate(_ESCAPED_CONTROL), text))

    def argument(_: Any, context: Any) -> ArgumentLiteral:
        written = context.STRING().getText()[1:-1]
        text = _Text(_ESCAPE.sub(_unescaped, written))
        text.written = written
        return ArgumentLiteral(definition_value=text)

    with ExitStack() as patches:
        patches.enter_context(replaced(IntrinsicParser, "parse", staticmethod(parse)))
        patches.enter_context(replaced(Preprocessor, "visitFunc_arg_string", argument))
        yield


def _unescaped(match: re.Match[str]) -> str:
    return _CONTROL.get(match.group(1), match.group(1))


def template_parts(template: str) -> list[str]:
    """Return what stands between the placeholders of a template of ``States.Format``.

    Parameters
    ----------
    template
        The template; an argument that was written as text knows which of its braces were escaped.
    """
    if not isinstance(template, _Text):
        return template.split("{}")
    parts = [""]
    for escaped, placeholder, brace in _PART.findall(template.written):
        if placeholder:
            parts.append("")
        else:
            parts[-1] += _CONTROL.get(escaped, escaped) or brace
    return parts
