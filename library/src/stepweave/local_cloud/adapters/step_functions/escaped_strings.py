r"""Characters that are escaped in a text argument of an intrinsic function arrive as themselves.

Upstream defect: an intrinsic function is parsed as the JSON text spells it, with JSON's escapes in it; and the
backslash of ``\'``, ``\{``, ``\}`` and ``\\`` stays in the text. So no JSON object can be given to
``States.StringToJson``, and a template of ``States.Format`` can hold no braces but its placeholders. A line end or a
tab in a text is refused, and so are ``null``, fractions, and paths with hyphens or letters of other alphabets. And of
what is no call at all, the parser makes one that is.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any, Final

from antlr4 import CommonTokenStream, InputStream
from antlr4.error.ErrorListener import ErrorListener
from moto.stepfunctions.parser.asl.antlr.runtime.ASLIntrinsicLexer import ASLIntrinsicLexer
from moto.stepfunctions.parser.asl.antlr.runtime.ASLIntrinsicParser import ASLIntrinsicParser
from moto.stepfunctions.parser.asl.component.intrinsic.argument.argument import (
    ArgumentContextPath,
    ArgumentJsonPath,
    ArgumentLiteral,
)
from moto.stepfunctions.parser.asl.parse.intrinsic.intrinsic_parser import IntrinsicParser
from moto.stepfunctions.parser.asl.parse.intrinsic.preprocessor import Preprocessor

from stepweave.local_cloud.adapters.patch import replaced

_ESCAPE: Final = re.compile(r"\\(.)", re.DOTALL)
_PART: Final = re.compile(r"\\(.)|(\{\})|(.)", re.DOTALL)
_QUOTED: Final = r"'(?:\\.|[^'\\])*'"
_WRITTEN: Final = re.compile(
    rf"""(?P<quoted>{_QUOTED})
    |\bnull\b
    |-?\b\d+(?:\.\d+(?:[eE][+-]?\d+)?|[eE][+-]?\d+)
    |\$\$?(?:\.\.?[\w*-]+|\[(?:{_QUOTED}|"[^"]*"|\[[^\]]*\]|[^\]\['"])*\])+(?=\s*[,)])""",
    re.DOTALL | re.VERBOSE,
)
_ARGUMENT: Final = re.compile(r"\$\.argument(\d+)")
_CONTROL: Final = {"n": "\n", "t": "\t", "r": "\r"}
_ESCAPED_CONTROL: Final = str.maketrans({character: f"\\{letter}" for letter, character in _CONTROL.items()})


class _Text(str):
    """The text of an argument that also knows how it was written, for ``States.Format``."""

    __slots__ = ("written",)
    written: str


class _Strict(ErrorListener):  # type: ignore[misc]  # antlr has no types
    """Ends the parse where upstream's goes on with a guess."""

    def syntaxError(self, recognizer: Any, symbol: Any, line: int, column: int, text: str, cause: Any) -> None:  # noqa: ARG002, N802, PLR0913, PLR0917
        raise ValueError(f"no intrinsic function: {text} at {column}")


def parsed_call(text: str) -> tuple[Any, Any]:
    """Parse a call of an intrinsic function, and give it with its syntax tree.

    Raises
    ------
    ValueError
        If it is none, or a function is given too few or too many arguments.
    """
    arguments: list[str] = []

    def written(found: re.Match[str]) -> str:
        if found["quoted"]:
            return found["quoted"].translate(_ESCAPED_CONTROL)
        arguments.append(found[0])
        return (
            f"$.argument{len(arguments) - 1}"  # which the grammar knows, and the visitor takes for what it stands for
        )

    lexer = ASLIntrinsicLexer(InputStream(_WRITTEN.sub(written, text)))
    parser = ASLIntrinsicParser(CommonTokenStream(lexer))
    for recognizer in (lexer, parser):
        recognizer.removeErrorListeners()
        recognizer.addErrorListener(_Strict())
    tree = parser.func_decl()
    preprocessor = Preprocessor()
    preprocessor.arguments = arguments
    return preprocessor.visit(tree), tree


@contextmanager
def escaped_strings() -> Iterator[None]:
    """Take the backslashes off."""

    def parse(source: str) -> Any:
        return parsed_call(json.loads(f'"{source}"', strict=False))

    def argument(_: Any, context: Any) -> ArgumentLiteral:
        written = context.STRING().getText()[1:-1]
        text = _Text(_ESCAPE.sub(_unescaped, written))
        text.written = written
        return ArgumentLiteral(definition_value=text)

    upstream_path = Preprocessor.visitFunc_arg_json_path

    def path(self: Any, context: Any) -> Any:
        stands_for = _ARGUMENT.fullmatch(context.JSON_PATH_STRING().getText())
        if stands_for is None:
            return upstream_path(self, context)
        meant = self.arguments[int(stands_for[1])]
        if meant.startswith("$"):
            return ArgumentContextPath(meant) if meant.startswith("$$") else ArgumentJsonPath(meant)
        return ArgumentLiteral(definition_value=json.loads(meant))

    with ExitStack() as patches:
        patches.enter_context(replaced(IntrinsicParser, "parse", staticmethod(parse)))
        patches.enter_context(replaced(Preprocessor, "visitFunc_arg_json_path", path))
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
