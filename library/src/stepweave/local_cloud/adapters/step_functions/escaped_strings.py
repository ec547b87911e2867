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
from moto.stepfunctions.parser.asl.component.intrinsic.function.statesfunction.generic.string_format import StringFormat
from moto.stepfunctions.parser.asl.parse.intrinsic.intrinsic_parser import IntrinsicParser
from moto.stepfunctions.parser.asl.parse.intrinsic.preprocessor import Preprocessor

from stepweave.local_cloud.adapters.patch import replaced

_ESCAPE: Final = re.compile(r"\\(.)", re.DOTALL)
_PART: Final = re.compile(r"\\(.)|(\{\})|([{}])", re.DOTALL)
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
    upstream_format = StringFormat._eval_body  # noqa: SLF001 - that is what is mended

    def parse(source: str) -> Any:
        text = json.loads(f'"{source}"', strict=False)
        return upstream_parse(_QUOTED.sub(lambda quoted: quoted[0].translate(_ESCAPED_CONTROL), text))

    def argument(_: Any, context: Any) -> ArgumentLiteral:
        written = context.STRING().getText()[1:-1]
        text = _Text(_ESCAPE.sub(_unescaped, written))
        text.written = written
        return ArgumentLiteral(definition_value=text)

    def format_body(self: Any, env: Any) -> None:
        first = self.argument_list.arguments[0]
        template = getattr(first, "definition_value", None)
        if not isinstance(template, _Text):
            upstream_format(self, env)
            return
        self.argument_list.eval(env=env)
        values = [self._to_str_repr(value) for value in env.stack.pop()[1:]]
        env.stack.append(_PART.sub(_doubled, template.written).format(*values))

    with ExitStack() as patches:
        patches.enter_context(replaced(IntrinsicParser, "parse", staticmethod(parse)))
        patches.enter_context(replaced(Preprocessor, "visitFunc_arg_string", argument))
        patches.enter_context(replaced(StringFormat, "_eval_body", format_body))
        yield


def _unescaped(match: re.Match[str]) -> str:
    return _CONTROL.get(match.group(1), match.group(1))


def _doubled(match: re.Match[str]) -> str:
    """Write a part of a template as Python's ``format`` wants it: braces doubled but for ``{}``."""
    _, placeholder, brace = match.groups()
    if placeholder:
        return str(placeholder)
    text = str(brace) if brace else _unescaped(match)
    return text * 2 if text in {"{", "}"} else text
