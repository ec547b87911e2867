"""Each field evaluates its JSONata with what AWS offers there, and takes no other type than AWS does.

Upstream defects: an expression that refers to ``$`` or ``$$`` anywhere, in a predicate say, fails; all of ``$states``
can be read everywhere, and what is not there is null rather than undefined; a failure does not say in which field it
was, and ends the execution rather than the state; a value of the wrong type ends it in a traceback; a
``ToleratedFailureCount`` is taken for a percentage; and a JSONPath state takes a path through a variable for JSONata.
"""

# ruff: noqa: SLF001 - upstream's own seams

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any, Final

from moto.stepfunctions.parser.asl.component.common.string.string_expression import StringJSONata, StringVariableSample
from moto.stepfunctions.parser.asl.component.state.exec.state_map.tolerated_failure import (
    ToleratedFailureCountStringJSONata,
)
from moto.stepfunctions.parser.asl.eval.states import States
from moto.stepfunctions.parser.asl.parse.preprocessor import Preprocessor
from moto.stepfunctions.parser.asl.utils.json_path import NoSuchJsonPathError

from stepweave.local_cloud.adapters.patch import replaced
from stepweave.local_cloud.adapters.step_functions.evaluation_failures import evaluation_failure
from stepweave.local_cloud.adapters.step_functions.json_paths import extract
from stepweave.local_cloud.adapters.step_functions.jsonata_expressions import (
    FunctionReturned,
    JsonataFailed,
    NothingReturned,
    evaluate,
    variables_of,
)
from stepweave.local_cloud.adapters.step_functions.jsonata_locations import location
from stepweave.local_cloud.adapters.step_functions.jsonata_types import WrongValue, checked

_NAME: Final = re.compile(r"\$([^\s.\[\]]+)")


@contextmanager
def jsonata_fields() -> Iterator[None]:
    """Evaluate the JSONata of fields."""
    upstream_visit = Preprocessor.visitString_jsonata

    def visit_expression(self: Any, ctx: Any) -> Any:
        expression = upstream_visit(self, ctx)
        expression.location = location(ctx)
        return expression

    def visit_count(self: Any, ctx: Any) -> Any:
        return ToleratedFailureCountStringJSONata(self.visitString_jsonata(ctx.string_jsonata()))

    with ExitStack() as patches:
        for owner, name, method in (
            (Preprocessor, "visitString_jsonata", visit_expression),
            (Preprocessor, "visitTolerated_failure_count_string_jsonata", visit_count),
            (StringJSONata, "_eval_body", _evaluate_field),
            (StringVariableSample, "_eval_body", _sample_variable),
            (States, "reset", _reset),
        ):
            patches.enter_context(replaced(owner, name, method))
        yield


def _evaluate_field(self: Any, env: Any) -> None:
    what = f"The JSONata expression '{self.expression}' specified for the field '{self.location}'"
    try:
        value = evaluate(self.expression, _variables(self, env))
    except NothingReturned:
        raise evaluation_failure(env, f"{what} returned nothing (undefined).", self.location) from None
    except FunctionReturned:
        raise evaluation_failure(env, f"{what} returned an unsupported result type.", self.location) from None
    except JsonataFailed as failed:
        raise evaluation_failure(env, f"{what} threw an error during evaluation{failed}", self.location) from failed
    try:
        env.stack.append(checked(value, self.location))
    except WrongValue as wrong:
        raise evaluation_failure(env, f"{what} {wrong}", self.location) from wrong


def _variables(expression: Any, env: Any) -> dict[str, Any]:
    """Return the values of what an expression reads."""
    try:
        needed = variables_of(expression.expression)
    except Exception:  # noqa: BLE001 - what is wrong with it is told when it is evaluated
        return {}
    store = env.variable_store
    values = {**store._outer_scope, **store._inner_scope}
    states = {name: value for name, value in env.states._states_data.items() if name in _offered(expression.location)}
    if isinstance(needed.get("states"), dict):
        states = {name: value for name, value in states.items() if name in needed["states"]}
    values["states"] = states
    return {name: values[name] for name in needed if name in values}


def _offered(place: str) -> frozenset[str]:
    """Return which parts of ``$states`` there are for a field."""
    if place.startswith("Catch["):
        return frozenset({"input", "context", "errorOutput"})
    if place.partition("/")[0] in {"Output", "Assign"}:
        return frozenset({"input", "context", "result"})
    return frozenset({"input", "context"})


def _reset(self: Any, input_value: Any) -> None:
    self._states_data["input"] = States._extract(None, input_value)
    for name in ("result", "errorOutput"):
        self._states_data.pop(name, None)  # not there rather than null


def _sample_variable(self: Any, env: Any) -> None:
    """Follow a path through a variable, in a JSONPath state."""
    store = env.variable_store
    variables = {**store._outer_scope, **store._inner_scope}
    try:
        env.stack.append(extract(_NAME.sub(r"$['\1']", self.expression, count=1), variables))
    except NoSuchJsonPathError:
        raise NoSuchJsonPathError(self.expression, env.states.get_input()) from None
