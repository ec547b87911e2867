"""Quotas are those of AWS, to the byte.

Upstream defects: a payload of exactly 256 KiB is refused; text is measured without its quotes and escapes, and the
result of a Lambda task together with what the engine knows of the call; an output that is too large is blamed on the
task even if its state made it so; what ``Parameters``, ``Arguments`` and ``ItemSelector`` make of an input may have any
size; ``States.ALL`` and ``States.TaskFailed`` catch ``States.DataLimitExceeded``, which ends an execution on AWS; and a
definition may have any size.

AWS checks what a task returns, what a state gives to the next one, which no ``Catch`` of the state catches, and the
input of a state after its ``Parameters``. Between these a value may be larger: ``OutputPath`` may cut down what
``ResultPath`` put together.
"""

# ruff: noqa: SLF001 - upstream's own seams

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any, Final

from moto.stepfunctions.exceptions import ValidationException
from moto.stepfunctions.parser.api import HistoryEventType, TaskFailedEventDetails
from moto.stepfunctions.parser.asl.component.common.error_name.error_equals_decl import ErrorEqualsDecl
from moto.stepfunctions.parser.asl.component.common.error_name.failure_event import FailureEvent, FailureEventException
from moto.stepfunctions.parser.asl.component.common.error_name.states_error_name import StatesErrorName
from moto.stepfunctions.parser.asl.component.common.error_name.states_error_name_type import StatesErrorNameType
from moto.stepfunctions.parser.asl.component.common.parargs import Parargs
from moto.stepfunctions.parser.asl.component.state.exec.state_map.item_selector import ItemSelector
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service.state_task_service import StateTaskService
from moto.stepfunctions.parser.asl.component.state.exec.state_task.state_task_lambda import StateTaskLambda
from moto.stepfunctions.parser.asl.component.state.state import CommonStateField
from moto.stepfunctions.parser.asl.eval.event.event_detail import EventDetails
from moto.stepfunctions.parser.models import StepFunctionsParserBackend

from stepweave.local_cloud.adapters.patch import replaced

LARGEST_PAYLOAD: Final = 256 * 1024  # bytes of UTF-8
LARGEST_DEFINITION: Final = 1024 * 1024  # characters
_CAUGHT_BY_NAME_ONLY: Final = frozenset({"States.DataLimitExceeded", "States.Runtime"})


def is_within_size_quota(value: Any) -> bool:
    """Tell whether a value is small enough to be passed from state to state."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=str)
    return len(text) * 4 <= LARGEST_PAYLOAD or len(text.encode()) <= LARGEST_PAYLOAD


@contextmanager
def quotas() -> Iterator[None]:
    """Enforce AWS's quotas."""
    name = "is_within_size_quota"
    users = [
        module
        for key, module in sys.modules.items()
        if key.startswith("moto.stepfunctions.parser.asl.") and hasattr(module, name)
    ]
    upstream_matches = ErrorEqualsDecl._eval_body
    upstream_validate = StepFunctionsParserBackend._validate_definition

    def matches(self: Any, env: Any) -> None:
        error_name = env.stack[-1]
        name = getattr(error_name, "error_name", None)
        if name in _CAUGHT_BY_NAME_ONLY and error_name not in self.error_names:
            env.stack[-1] = False
            return
        upstream_matches(self, env)

    def validate_definition(definition: str) -> None:
        if len(definition) > LARGEST_DEFINITION:
            raise ValidationException(
                "1 validation error detected: Value at 'definition' failed to satisfy constraint: "
                f"Member must have length less than or equal to {LARGEST_DEFINITION}"
            )
        upstream_validate(definition)

    with ExitStack() as patches:
        for module in users:
            patches.enter_context(replaced(module, name, is_within_size_quota))
        for maker in (Parargs, ItemSelector):
            patches.enter_context(replaced(maker, "_eval_body", _limited(maker._eval_body)))
        for task in (StateTaskLambda, StateTaskService):
            patches.enter_context(replaced(task, "_eval_execution", _executing(task._eval_execution)))
            patches.enter_context(replaced(task, "_verify_size_quota", _of_result(task._verify_size_quota)))
        patches.enter_context(replaced(ErrorEqualsDecl, "_eval_body", matches))
        patches.enter_context(
            replaced(StepFunctionsParserBackend, "_validate_definition", staticmethod(validate_definition))
        )
        yield


def _executing(upstream: Callable[..., None]) -> Callable[..., None]:
    """Mark the frame in which a task is executed."""

    def eval_execution(self: Any, env: Any) -> None:
        env.is_executing_task = True
        upstream(self, env)

    return eval_execution


def _of_result(upstream: Callable[..., None]) -> Callable[..., None]:
    """Measure the result of a task as upstream does, and what its state makes of it as for any other state."""

    def verify(self: Any, env: Any, value: Any) -> None:
        if not getattr(env, "is_executing_task", False):
            CommonStateField._verify_size_quota(self, env, value)
        else:
            upstream(self, env, value["Payload"] if isinstance(self, StateTaskLambda) else value)

    return verify


def _limited(upstream: Callable[..., None]) -> Callable[..., None]:
    """Let what makes the input of a task, a branch or an iteration make none that is too large."""

    def eval_body(self: Any, env: Any) -> None:
        upstream(self, env)
        if is_within_size_quota(env.stack[-1]):
            return
        error = StatesErrorName(typ=StatesErrorNameType.StatesStatesDataLimitExceeded)
        cause = (
            f"The state/task '{env.next_state_name}' was given an input with a size exceeding "
            "the maximum number of bytes service limit."
        )
        details = EventDetails(taskFailedEventDetails=TaskFailedEventDetails(error=error.error_name, cause=cause))
        raise FailureEventException(FailureEvent(env, error, HistoryEventType.TaskFailed, details))

    return eval_body
