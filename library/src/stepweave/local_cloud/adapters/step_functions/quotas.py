"""Quotas are those of AWS, to the byte.

Upstream defects: a payload of exactly 256 KiB is refused; text is measured without its quotes and escapes, and the
result of a Lambda task together with what the engine knows of the call; an output that is too large is blamed on the
task even if its state made it so; what ``Parameters``, ``Arguments`` and ``ItemSelector`` make of an input may have any
size; and a definition may have any size.

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
from moto.stepfunctions.parser.asl.component.common.error_name.states_error_name_type import StatesErrorNameType
from moto.stepfunctions.parser.asl.component.common.parargs import Parargs
from moto.stepfunctions.parser.asl.component.state.exec.state_map.item_selector import ItemSelector
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service.state_task_service import StateTaskService
from moto.stepfunctions.parser.asl.component.state.exec.state_task.state_task_lambda import StateTaskLambda
from moto.stepfunctions.parser.asl.component.state.state import CommonStateField
from moto.stepfunctions.parser.models import StepFunctionsParserBackend

from stepweave.local_cloud.adapters.patch import replaced
from stepweave.local_cloud.adapters.step_functions.state_failures import state_failure

LARGEST_PAYLOAD: Final = 256 * 1024  # bytes of UTF-8
LARGEST_DEFINITION: Final = 1024 * 1024  # characters


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
    upstream_validate = StepFunctionsParserBackend._validate_definition

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
        cause = (
            f"The state/task '{env.next_state_name}' was given an input with a size exceeding "
            "the maximum number of bytes service limit."
        )
        raise state_failure(env, StatesErrorNameType.StatesStatesDataLimitExceeded, cause)

    return eval_body
