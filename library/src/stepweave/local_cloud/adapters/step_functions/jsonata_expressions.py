"""JSONata expressions are evaluated, as AWS does it.

Upstream defects: the function that evaluates JSONata is never set (upstream's needs a Java machine), so every JSONata
state fails; and values reach an expression as text that is put in front of it.

AWS evaluates JSONata 2.0.6, without ``$eval``, with functions of its own, and within bounds.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from stepweave.local_cloud.adapters.step_functions import engine_time
from stepweave.local_cloud.adapters.step_functions.jsonata_functions import FUNCTIONS, MemoryExceeded

if TYPE_CHECKING:
    from jlens import Expression

# The bounds that AWS was found to have. How long an evaluation may take is not known, but that there is an end.
DEEPEST_EVALUATION: Final = 100
LONGEST_ARRAY: Final = 873_782
LONGEST_TEXT: Final = 6_990_256  # bytes
LONGEST_EVALUATION: Final = 2.0  # seconds
_KEPT_EXPRESSIONS: Final = 1024

_OUT_OF_MEMORY: Final = ": Expression evaluation memory limit exceeded: Check for excessive memory usage"
_BOUNDS: Final = {
    "D1011": ": Stack overflow error: Check for non-terminating recursive function. "
    "Consider rewriting as tail-recursive.",
    "D1012": ": Expression evaluation timeout: Check for infinite loop",
    "U1001": _OUT_OF_MEMORY,
}


class JsonataFailed(Exception):  # noqa: N818 - says what happened
    """An expression failed.

    Its text goes on from "threw an error during evaluation", as AWS's does.
    """


class NothingReturned(Exception):  # noqa: N818 - says what happened
    """An expression returned no value at all."""


class FunctionReturned(Exception):  # noqa: N818 - says what happened
    """An expression returned a function."""


@lru_cache(maxsize=_KEPT_EXPRESSIONS)
def compiled(source: str) -> Expression:
    """Compile an expression.

    Parameters
    ----------
    source
        The expression without ``{%`` and ``%}``.

    Raises
    ------
    jlens.JlensError
        If it is no JSONata.
    """
    from jlens import Expression  # noqa: PLC0415 - most workflows have no JSONata

    expression = Expression(source)
    for name, (function, signature) in FUNCTIONS.items():
        expression.register_function(name, function, signature)
    return expression


@lru_cache(maxsize=_KEPT_EXPRESSIONS)
def variables_of(source: str) -> dict[str, Any]:
    """Return which variables an expression reads: for each what of it, or True for all of it."""
    found: dict[str, Any] = dict(compiled(source).reads()["bindings"])
    return found


def evaluate(source: str, variables: Mapping[str, Any]) -> Any:
    """Evaluate an expression.

    Parameters
    ----------
    source
        The expression without ``{%`` and ``%}``.
    variables
        The values of its variables, by their names without ``$``.

    Raises
    ------
    JsonataFailed
        If the expression is wrong, fails, or goes beyond what AWS allows.
    NothingReturned
        If it returns no value.
    FunctionReturned
        If it returns a function.

    Example
    -------
    >>> evaluate("$x + 1", {"x": 2})
    3
    """
    text = _evaluate(source, variables)
    if text is not None:
        return json.loads(text)
    if _evaluate(f"$type({source}\n)", variables) == '"function"':
        raise FunctionReturned
    raise NothingReturned


def _evaluate(source: str, variables: Mapping[str, Any]) -> str | None:
    from jlens import JlensError  # noqa: PLC0415 - most workflows have no JSONata

    try:
        return compiled(source).evaluate_json(
            None,
            {"eval": None, **variables},  # AWS knows no $eval
            now=int(engine_time.now().timestamp() * 1000),
            timeout=LONGEST_EVALUATION,
            max_depth=DEEPEST_EVALUATION,
            max_array_length=LONGEST_ARRAY,
            max_string_length=LONGEST_TEXT,
        )
    except JlensError as error:
        raise JsonataFailed(_BOUNDS.get(error.code, f". {error.code}: {error}")) from error
    except MemoryExceeded as error:
        raise JsonataFailed(_OUT_OF_MEMORY) from error
    except Exception as error:  # whatever happens is the expression's failure
        raise JsonataFailed(f". {error}") from error
