r"""A definition means what its JSON means.

Upstream defects: numbers such as ``5e-05``, which is how Python writes them, are refused; text in ``Assign``, in paths
and in names keeps JSON's escapes (``\"``), and elsewhere is read as Python's, so that ``\/`` stays as it is and a
character beyond the BMP becomes two.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any, Final

from moto.stepfunctions.parser.asl.antlr.runtime.ASLLexer import ASLLexer
from moto.stepfunctions.parser.asl.antlt4utils.antlr4utils import is_terminal
from moto.stepfunctions.parser.asl.parse.asl_parser import AmazonStateLanguageParser
from moto.stepfunctions.parser.asl.parse.preprocessor import Preprocessor

from stepweave.local_cloud.adapters.patch import replaced

_TEXT_OR_EXPONENT: Final = re.compile(r'("(?:\\.|[^"\\])*")|(?<=[0-9])([eE][+-]?)0+(?=[0-9])', re.DOTALL)


def plain_numbers(definition: str) -> str:
    """Write the exponents of numbers without the leading zeros that JSON allows and the engine does not."""
    return _TEXT_OR_EXPONENT.sub(lambda match: match[1] or match[2], definition)


def text_of(literal: str) -> str:
    """Return the text that a JSON literal stands for; what is none is returned as it is."""
    if len(literal) < 2 or not (literal.startswith('"') and literal.endswith('"')):
        return literal
    try:
        return str(json.loads(literal, strict=False))
    except ValueError:
        return literal[1:-1]


@contextmanager
def json_text() -> Iterator[None]:
    """Read numbers and text as JSON."""
    upstream_parse = AmazonStateLanguageParser.parse

    def parse(definition: str) -> Any:
        return upstream_parse(plain_numbers(definition))

    def inner_string_of(parser_rule_context: Any) -> str | None:
        if is_terminal(parser_rule_context, ASLLexer.NULL):
            return None
        return text_of(parser_rule_context.getText())

    def from_string_literal(parser_rule_context: Any) -> str:
        return text_of(parser_rule_context.getText())

    name = "from_string_literal"
    users = [
        module
        for key, module in sys.modules.items()
        if key.startswith("moto.stepfunctions.parser.asl.parse") and hasattr(module, name)
    ]
    with ExitStack() as patches:
        patches.enter_context(replaced(AmazonStateLanguageParser, "parse", staticmethod(parse)))
        patches.enter_context(replaced(Preprocessor, "_inner_string_of", staticmethod(inner_string_of)))
        for module in users:
            patches.enter_context(replaced(module, name, from_string_literal))
        yield
