"""What JSONata states do otherwise than JSONPath states fails as an evaluation, too.

Upstream defects: what goes wrong in the ``Arguments`` of a ``Parallel`` cannot be caught; a ``Map`` whose input is no
array shows the name of a Python class; and a ``Timestamp`` that is none is taken for that of a JSONPath state.
"""

# ruff: noqa: SLF001 - upstream's own seams

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from moto.stepfunctions.parser.asl.component.common.string.string_expression import StringJSONata
from moto.stepfunctions.parser.asl.component.state.exec.state_map.state_map import StateMap
from moto.stepfunctions.parser.asl.component.state.exec.state_parallel.state_parallel import StateParallel
from moto.stepfunctions.parser.asl.component.state.wait.wait_function.timestamp import Timestamp

from stepweave.local_cloud.adapters.patch import replaced
from stepweave.local_cloud.adapters.step_functions.evaluation_failures import evaluation_failure
from stepweave.local_cloud.adapters.step_functions.execution_details import text_of


@contextmanager
def jsonata_states() -> Iterator[None]:
    """Let JSONata states fail as AWS's do."""
    upstream_props = StateParallel.from_state_props
    upstream_parallel = StateParallel._eval_execution
    upstream_map = StateMap._eval_execution
    upstream_failure = Timestamp._create_failure_event

    def parallel_from_props(self: Any, state_props: Any) -> None:
        upstream_props(self, state_props)
        self.arguments = None
        if not self._is_language_query_jsonpath():
            self.arguments, self.parargs = self.parargs, None  # upstream evaluates the latter where nothing is caught

    def execute_parallel(self: Any, env: Any) -> None:
        if self.arguments is not None:
            env.stack.pop()
            self.arguments.eval(env)
        upstream_parallel(self, env)

    def execute_map(self: Any, env: Any) -> None:
        items = env.states.get_input()
        if not (self.items_path or self.items or self.item_reader or isinstance(items, list)):
            raise evaluation_failure(env, f"Map state input must be an array but was: {text_of(items)}")
        upstream_map(self, env)

    def timestamp_failure(self: Any, env: Any, text: Any) -> Any:
        if not isinstance(self.string, StringJSONata):
            return upstream_failure(self, env, text)
        cause = f"The Timestamp field cannot be parsed as an ISO-8601 extended offset date-time format string: {text}"
        return evaluation_failure(env, cause, "Timestamp").failure_event

    with ExitStack() as patches:
        for owner, name, method in (
            (StateParallel, "from_state_props", parallel_from_props),
            (StateParallel, "_eval_execution", execute_parallel),
            (StateMap, "_eval_execution", execute_map),
            (Timestamp, "_create_failure_event", timestamp_failure),
        ):
            patches.enter_context(replaced(owner, name, method))
        yield
