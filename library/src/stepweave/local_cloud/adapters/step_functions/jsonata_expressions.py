"""JSONata and its variables.

Upstream defects: the function that evaluates JSONata is never set (upstream's needs a Java machine), so every JSONata
state fails; and a text is declared as a variable without escaping the quotes and line ends in it.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from moto.stepfunctions.parser.asl.jsonata import jsonata as upstream_jsonata

from stepweave.local_cloud.adapters.patch import replaced


def evaluate(expression: str) -> Any:
    """Evaluate a JSONata expression that declares its own variables.

    Raises
    ------
    JSONataException
        If the expression is wrong or fails.
    """
    import jsonata  # noqa: PLC0415 - it takes 50 ms to import, and most workflows have no JSONata

    try:
        result = jsonata.Jsonata(expression).evaluate(None)
    except Exception as error:
        raise upstream_jsonata.JSONataException("UNKNOWN", str(error)) from error
    return _plain(result)


def declare(bindings: dict[str, Any]) -> str:
    """Write values as declarations of JSONata variables."""
    # not as ASCII: jsonata-python takes the two halves of an escaped character outside the BMP for two characters
    return "".join(f"{name}:={json.dumps(value, ensure_ascii=False, default=str)};" for name, value in bindings.items())


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | range):
        return [_plain(item) for item in value]
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value


@contextmanager
def jsonata_evaluator() -> Iterator[None]:
    """Evaluate JSONata with ``jsonata-python``."""
    with ExitStack() as patches:
        patches.enter_context(replaced(upstream_jsonata, "_eval_jsonata", evaluate))
        name = "encode_jsonata_variable_declarations"
        users = [
            module
            for key, module in sys.modules.items()
            if key.startswith("moto.stepfunctions.parser.") and hasattr(module, name)
        ]
        for module in users:
            patches.enter_context(replaced(module, name, declare))
        yield
