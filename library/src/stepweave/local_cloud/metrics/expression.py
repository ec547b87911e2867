"""Metric math: expressions of other metrics' values.

What is computed: numbers, other metrics by their ids, ``+ - * / ^``, comparisons, ``AND``, ``OR``, and the functions in
`_FUNCTIONS`. The rest of CloudWatch's language, as ``SEARCH`` and ``ANOMALY_DETECTION_BAND``, is refused by name.
"""

from __future__ import annotations

import ast
import itertools
import math
import operator
import re
from collections.abc import Callable, Mapping
from typing import Any, Final

Series = dict[float, float]
"""Values by the starts of their periods, in seconds since the epoch."""

Value = Series | float | list[Series]

_WORDS: Final = {
    "AND": "and",
    "OR": "or",
    "&&": "and",
    "||": "or",
    "^": "**",
    "REPEAT": "'REPEAT'",
    "LINEAR": "'LINEAR'",
}
_WORD: Final = re.compile(r"\"[^\"]*\"|'[^']*'|\bAND\b|\bOR\b|&&|\|\||\^|\bREPEAT\b|\bLINEAR\b|\bIF\b")
_OPERATORS: Final[dict[type[ast.AST], Callable[[float, float], float]]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Pow: operator.pow,
    ast.Eq: lambda left, right: float(left == right),
    ast.NotEq: lambda left, right: float(left != right),
    ast.Lt: lambda left, right: float(left < right),
    ast.LtE: lambda left, right: float(left <= right),
    ast.Gt: lambda left, right: float(left > right),
    ast.GtE: lambda left, right: float(left >= right),
    ast.And: lambda left, right: float(bool(left) and bool(right)),
    ast.Or: lambda left, right: float(bool(left) or bool(right)),
}


class UnsupportedExpressionError(ValueError):
    """An expression uses what is not computed here; the text says what."""


class ExpressionError(ValueError):
    """An expression is none."""


def evaluate(expression: str, values: Mapping[str, Series], period: float) -> Value:
    """Return the value of an expression.

    Parameters
    ----------
    expression
        Such as ``100 * errors / calls``.
    values
        The values of the metrics, by id.
    period
        Of all of them, in seconds.

    Raises
    ------
    ExpressionError
        If it is not an expression.
    UnsupportedExpressionError
        If it uses what is not computed here.

    Example
    -------
    >>> evaluate("100 * errors / calls", {"errors": {0.0: 1.0}, "calls": {0.0: 4.0, 60.0: 2.0}}, 60)
    {0.0: 25.0}
    """
    text = _WORD.sub(lambda word: "IF_" if word[0] == "IF" else _WORDS.get(word[0], word[0]), expression)
    try:
        tree = ast.parse(text.strip(), mode="eval")
    except (SyntaxError, ValueError) as error:
        raise ExpressionError(f"Error in expression '{expression}': {error}") from error
    value: Value = _Evaluation(values, period).value(tree.body)
    return value


class _Evaluation:
    def __init__(self, values: Mapping[str, Series], period: float) -> None:
        self._values = values
        self.period = period

    def value(self, node: ast.AST) -> Any:  # noqa: C901, PLR0911 - a case for each form
        match node:
            case ast.Constant(value=value) if isinstance(value, int | float | str):
                return value if isinstance(value, str) else float(value)
            case ast.Name(id=name):
                if name not in self._values:
                    raise ExpressionError(f"Unknown metric id '{name}'")
                return self._values[name]
            case ast.List(elts=items):
                return [self.value(item) for item in items]
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                return _mapped(operator.neg, self.value(operand))
            case ast.BinOp(left=left, op=op, right=right) if type(op) in _OPERATORS:
                return _combined(_OPERATORS[type(op)], self.value(left), self.value(right))
            case ast.BoolOp(op=op, values=parts):
                first, *others = [self.value(part) for part in parts]
                for other in others:
                    first = _combined(_OPERATORS[type(op)], first, other)
                return first
            case ast.Compare(left=left, ops=[op], comparators=[right]) if type(op) in _OPERATORS:
                return _combined(_OPERATORS[type(op)], self.value(left), self.value(right))
            case ast.Call(func=ast.Name(id=name), args=arguments, keywords=[]):
                return self._call(name, arguments)
        raise UnsupportedExpressionError(ast.unparse(node))

    def _call(self, name: str, arguments: list[ast.expr]) -> Any:
        if name == "METRICS":
            wanted = str(self.value(arguments[0])) if arguments else ""
            return [series for key, series in self._values.items() if wanted in key]
        function = _FUNCTIONS.get(name)
        if function is None:
            raise UnsupportedExpressionError(f"the function {name.removesuffix('_')}")
        try:
            return function(self, *[self.value(argument) for argument in arguments])
        except TypeError as error:
            raise ExpressionError(f"The arguments of {name} are not valid") from error


def _mapped(function: Callable[[float], float], value: Any) -> Any:
    if isinstance(value, list):
        return [_mapped(function, each) for each in value]
    return {at: function(each) for at, each in value.items()} if isinstance(value, dict) else function(value)


def _combined(function: Callable[[float, float], float], left: Any, right: Any) -> Any:
    """Combine values of the same periods; those of which one is missing, or that cannot be, are left out."""
    if isinstance(left, list):
        return [_combined(function, each, right) for each in left]
    if isinstance(right, list):
        return [_combined(function, left, each) for each in right]
    if not isinstance(left, dict) and not isinstance(right, dict):
        return function(left, right)
    times = (left if isinstance(left, dict) else right).keys()
    if isinstance(left, dict) and isinstance(right, dict):
        times = left.keys() & right.keys()
    result: Series = {}
    for at in sorted(times):
        try:
            result[at] = function(
                left[at] if isinstance(left, dict) else left, right[at] if isinstance(right, dict) else right
            )
        except (ArithmeticError, ValueError):
            continue
    return result


def _reduced(reduce: Callable[[list[float]], float]) -> Callable[..., Any]:
    """Return a function that makes one value of a series, or one series of many."""

    def function(_evaluation: _Evaluation, value: Any) -> Any:
        if isinstance(value, dict):
            return reduce(list(value.values())) if value else {}
        times = sorted({at for series in value for at in series})
        return {at: reduce([series[at] for series in value if at in series]) for at in times}

    return function


def _fill(evaluation: _Evaluation, value: Any, filler: Any) -> Any:
    if isinstance(value, list):
        return [_fill(evaluation, each, filler) for each in value]
    if filler == "LINEAR":
        raise UnsupportedExpressionError("FILL(..., LINEAR)")
    known = sorted({at for series in evaluation._values.values() for at in series} | set(value))  # noqa: SLF001
    result, last = {}, None
    for at in known:
        last = value.get(at, last if filler == "REPEAT" else filler)
        if last is not None:
            result[at] = last
    return result


def _if(_evaluation: _Evaluation, condition: Any, yes: Any, no: Any = None) -> Any:
    if not isinstance(condition, dict):
        return yes if condition else no
    chosen = {at: (yes if test else no) for at, test in condition.items()}
    return {
        at: each[at] if isinstance(each, dict) else each
        for at, each in chosen.items()
        if each is not None and (not isinstance(each, dict) or at in each)
    }


def _differences(divide: bool) -> Callable[..., Any]:
    def function(_evaluation: _Evaluation, value: Series) -> Series:
        times = sorted(value)
        pairs = itertools.pairwise(times)
        return {now: (value[now] - value[then]) / ((now - then) if divide else 1) for then, now in pairs}

    return function


_FUNCTIONS: Final[dict[str, Callable[..., Any]]] = {
    "ABS": lambda _, value: _mapped(abs, value),
    "AVG": _reduced(lambda values: sum(values) / len(values)),
    "CEIL": lambda _, value: _mapped(math.ceil, value),
    "DATAPOINT_COUNT": _reduced(len),
    "DIFF": _differences(divide=False),
    "FILL": _fill,
    "FLOOR": lambda _, value: _mapped(math.floor, value),
    "IF_": _if,
    "LOG": lambda _, value: _mapped(math.log, value),
    "LOG10": lambda _, value: _mapped(math.log10, value),
    "MAX": _reduced(max),
    "MIN": _reduced(min),
    "PERIOD": lambda evaluation, _: evaluation.period,
    "RATE": _differences(divide=True),
    "SUM": _reduced(sum),
}
