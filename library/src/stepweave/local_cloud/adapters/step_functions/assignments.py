"""A state assigns its variables when it is left, all at once.

Upstream defects: a variable has its new value at once, so that ``Output``, which is to be evaluated with the values
that were there when the state was entered, sees it; what a state assigned before it failed stays assigned; and the
event that tells what was assigned does not escape text.
"""

# ruff: noqa: SLF001 - upstream's own seams

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from moto.stepfunctions.parser.asl.component.common.assign.assign_decl import AssignDecl
from moto.stepfunctions.parser.asl.component.common.catch.catcher_decl import CatcherDecl
from moto.stepfunctions.parser.asl.component.state.state import CommonStateField
from moto.stepfunctions.parser.asl.eval.variable_store import VariableStore
from moto.stepfunctions.parser.asl.utils.encoding import to_json_str

from stepweave.local_cloud.adapters.patch import replaced


@contextmanager
def assignments() -> Iterator[None]:
    """Keep what is assigned until the state is left."""
    upstream_enter = CommonStateField._get_state_entered_event_details
    upstream_leave = CommonStateField._get_state_exited_event_details
    upstream_catch = CatcherDecl._eval_body

    def enter(self: Any, env: Any) -> Any:
        env.assigned = {}
        return upstream_enter(self, env)

    def assign(self: Any, env: Any) -> None:
        assigned: dict[str, Any] = {}
        for binding in self.declaration_bindings:
            binding.eval(env=env)
            assigned.update(env.stack.pop())
        env.assigned = assigned

    def catch(self: Any, env: Any) -> None:
        env.assigned = {}  # what the attempt that failed was to assign
        upstream_catch(self, env)

    def leave(self: Any, env: Any) -> Any:
        for name, value in env.assigned.items():
            env.variable_store.set(variable_identifier=name, variable_value=value)
        return upstream_leave(self, env)

    with ExitStack() as patches:
        for owner, name, method in (
            (CommonStateField, "_get_state_entered_event_details", enter),
            (AssignDecl, "_eval_body", assign),
            (CatcherDecl, "_eval_body", catch),
            (CommonStateField, "_get_state_exited_event_details", leave),
            (VariableStore, "get_assigned_variables", _get_assigned_variables),
        ):
            patches.enter_context(replaced(owner, name, method))
        yield


def _get_assigned_variables(self: Any) -> dict[str, str]:
    return {name: to_json_str(self.get(name), separators=(",", ":")) for name in sorted(self._declaration_tracing)}
