r"""``Choice`` states choose as AWS does.

Upstream defects: a ``Variable`` or the path of a comparison that leads nowhere is passed over, where only ``IsPresent``
may be asked of it; timestamps with fractions or offsets are none; ``StringMatches`` knows ``?`` and ``[...]``, which
are plain text, and does not know ``\*`` and ``\\``; text is ordered by code points; values of a wrong type fail the
execution in some comparisons; a path cannot lead into the context object; a variable is compared the wrong way round;
``Assign`` of a JSONPath rule is dropped; a rule that leads to the same state as ``Default`` gets the ``Assign`` and
``Output`` of the state too; and where nothing matches the error is ``States.Runtime``.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any, Final

from moto.stepfunctions.parser.asl.component.common.assign.assign_decl import AssignDecl
from moto.stepfunctions.parser.asl.component.common.error_name.failure_event import FailureEventException
from moto.stepfunctions.parser.asl.component.common.error_name.states_error_name_type import StatesErrorNameType
from moto.stepfunctions.parser.asl.component.common.string.string_expression import StringContextPath
from moto.stepfunctions.parser.asl.component.state.choice.choice_rule import ChoiceRule
from moto.stepfunctions.parser.asl.component.state.choice.comparison.comparison_func import (
    ComparisonFuncStringVariableSample,
    ComparisonFuncValue,
)
from moto.stepfunctions.parser.asl.component.state.choice.comparison.variable import NoSuchVariable, Variable
from moto.stepfunctions.parser.asl.component.state.choice.state_choice import StateChoice
from moto.stepfunctions.parser.asl.parse.preprocessor import Preprocessor
from moto.stepfunctions.parser.asl.utils.json_path import NoSuchJsonPathError, extract_json

from stepweave.local_cloud.adapters.patch import replaced
from stepweave.local_cloud.adapters.step_functions.state_failures import state_failure
from stepweave.local_cloud.adapters.step_functions.timestamps import instant

_PATTERN: Final = re.compile(r"\\([*\\])|(\*)|(.)", re.DOTALL)
_COMPARISON: Final = re.compile(r"(String|Numeric|Boolean|Timestamp)(\w+?)(?:Path)?")


def matches(text: str, pattern: str) -> bool:
    r"""Tell whether text matches a pattern in which ``*`` stands for any text, ``\*`` and ``\\`` for themselves.

    Example
    -------
    >>> matches("log-[1].txt", "log-[1]*"), matches("a*b", r"a\*b"), matches("axb", r"a\*b")
    (True, True, False)
    """
    parts = [
        ".*" if wildcard else re.escape(escaped or plain) for escaped, wildcard, plain in _PATTERN.findall(pattern)
    ]
    return re.fullmatch("".join(parts), text, re.DOTALL) is not None


def _text(value: Any) -> bytes | None:
    """What orders text as Java does: by the units of UTF-16."""
    return value.encode("utf-16-be", "surrogatepass") if isinstance(value, str) else None


def _number(value: Any) -> int | float | None:
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


def _boolean(value: Any) -> bool | None:
    return value if isinstance(value, bool) else None


_COMPARABLE: Final[dict[str, Callable[[Any], Any]]] = {
    "String": _text,
    "Numeric": _number,
    "Boolean": _boolean,
    "Timestamp": instant,
}
_RELATIONS: Final[dict[str, Callable[[Any, Any], bool]]] = {
    "Equals": operator.eq,
    "LessThan": operator.lt,
    "LessThanEquals": operator.le,
    "GreaterThan": operator.gt,
    "GreaterThanEquals": operator.ge,
}
_TESTS: Final[dict[str, Callable[[Any], bool]]] = {
    "IsNull": lambda value: value is None,
    "IsString": lambda value: isinstance(value, str),
    "IsNumeric": lambda value: _number(value) is not None,
    "IsBoolean": lambda value: isinstance(value, bool),
    "IsTimestamp": lambda value: instant(value) is not None,
}


def holds(comparison: str, value: Any, other: Any) -> bool:
    """Tell whether a comparison holds; one of values of a wrong type does not.

    Parameters
    ----------
    comparison
        Its name, such as ``NumericEquals`` or ``IsNull``; a trailing ``Path`` makes no difference.
    value
        What ``Variable`` leads to.
    other
        What it is compared with; for the tests that begin with ``Is``, what the outcome must be.
    """
    if comparison in _TESTS:
        return _TESTS[comparison](value) is other
    if comparison == "StringMatches":
        return isinstance(value, str) and isinstance(other, str) and matches(value, other)
    named = _COMPARISON.fullmatch(comparison)
    if named is None:
        raise AssertionError(f"there is no comparison {comparison!r}")
    left, right = map(_COMPARABLE[named[1]], (value, other))
    return left is not None and right is not None and _RELATIONS[named[2]](left, right)


@contextmanager
def choice_rules() -> Iterator[None]:
    """Choose."""
    upstream_rule = Preprocessor.visitChoice_rule_comparison_variable

    def rule(self: Any, context: Any) -> ChoiceRule:
        made: ChoiceRule = upstream_rule(self, context)
        if made.assign is None:
            parts = map(self.visit, context.children)
            made.assign = next((part for part in parts if isinstance(part, AssignDecl)), None)
        return made

    with ExitStack() as patches:
        for owner, name, method in (
            (Preprocessor, "visitChoice_rule_comparison_variable", rule),
            (Variable, "_eval_body", _eval_variable),
            (ComparisonFuncValue, "_eval_body", _eval_comparison),
            (ComparisonFuncStringVariableSample, "_eval_body", _eval_comparison_with_variable),
            (StateChoice, "_eval_state", _eval_state),
            (StateChoice, "_eval_state_output", _eval_state_output),
        ):
            patches.enter_context(replaced(owner, name, method))
        yield


def _eval_variable(self: Any, env: Any) -> None:
    path = getattr(self.string_sampler, "context_object_path", self.string_sampler.literal_value)
    try:
        self.string_sampler.eval(env=env)
    except (NoSuchJsonPathError, FailureEventException):
        env.stack.append(NoSuchVariable(path))


def _eval_comparison(self: Any, env: Any) -> None:
    value = env.stack.pop()
    comparison = self.operator_type.name
    other = _led_to(self.value, env) if comparison.endswith("Path") else self.value
    _compare(env, comparison, value, other)


def _eval_comparison_with_variable(self: Any, env: Any) -> None:
    value = env.stack.pop()
    self.string_variable_sample.eval(env=env)
    _compare(env, self.operator_type.name, value, env.stack.pop())


def _led_to(path: str, environment: Any) -> Any:
    sampled = environment.stack[-1]
    inner = path
    if path.startswith("$$"):
        sampled, inner = environment.states.context_object.context_object_data, StringContextPath(path).json_path
    try:
        return extract_json(inner, sampled)
    except NoSuchJsonPathError:
        return NoSuchVariable(path)


def _compare(environment: Any, comparison: str, value: Any, other: Any) -> None:
    if comparison == "IsPresent":
        environment.stack.append(isinstance(value, NoSuchVariable) is not other)
        return
    for side in (value, other):
        if isinstance(side, NoSuchVariable):
            cause = f"Invalid path '{side.path}': The choice state's condition path references an invalid value."
            raise state_failure(environment, StatesErrorNameType.StatesRuntime, cause)
    environment.stack.append(holds(comparison, value, other))


def _eval_state(self: Any, env: Any) -> None:
    for rule in self.choices_decl.rules:
        rule.comparison.eval(env=env)
        if env.stack.pop() is True:
            chosen, next_state = rule, rule.next_stmt.name
            break
    else:
        if self.default_state is None:
            cause = "Failed to transition out of the state. The state does not point to a next state."
            raise state_failure(env, StatesErrorNameType.StatesNoChoiceMatched, cause, tells_state=True)
        chosen, next_state = self, self.default_state.state_name
    assign = chosen.assign if isinstance(chosen, ChoiceRule) else chosen.assign_decl
    for part in (assign, chosen.output):
        if part:
            part.eval(env=env)
    env.stack.append(next_state)


def _eval_state_output(self: Any, env: Any) -> None:
    next_state = env.stack.pop()
    if self.output_path:
        self.output_path.eval(env=env)
    env.next_state_name = next_state
