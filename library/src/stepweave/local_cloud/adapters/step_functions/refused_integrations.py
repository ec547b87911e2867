"""An integration that AWS has and the local cloud has not is refused by name, in a task that fails.

Upstream defects: HTTP tasks are unknown; what is called "unsupported" is passed on to services that do nothing; a call
of API Gateway ends the execution with a `TypeError`; jobs of Batch, ECS and Glue are said to run, and nothing does;
and parameters that upstream does not list are dropped in silence.
"""

# ruff: noqa: SLF001 - upstream's own seams

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any, Final, NoReturn

from moto.stepfunctions.parser.asl.component.state.exec.state_task import state_task_factory
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service.state_task_service import StateTaskService
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service.state_task_service_unsupported import (
    StateTaskServiceUnsupported,
)

from stepweave.local_cloud.adapters.patch import replaced
from stepweave.local_cloud.adapters.step_functions.service_errors import failure_event
from stepweave.local_cloud.adapters.step_functions.task_resources import OFFERED

NOT_OFFERED: Final = "LocalCloud.NotOffered"


class NotOfferedError(Exception):
    """The local cloud has no such integration."""


class _RefusedTask(StateTaskServiceUnsupported):  # type: ignore[misc]
    def _validate_service_integration_is_supported(self) -> None:
        """Take it: AWS does."""

    def _normalise_parameters(self, parameters: Any, *_: Any) -> None:
        """Leave them as they are: nobody gets them."""

    def _eval_body(self, env: Any) -> None:
        # A token that the parameters mention is given, though nobody will wait for it.
        env.states.context_object.update_task_token()
        StateTaskService._eval_body(self, env)
        env.states.context_object.context_object_data.pop("Task", None)

    def _eval_service_task(self, *_: Any, **__: Any) -> NoReturn:
        raise NotOfferedError(f"The local cloud does not offer the integration {self.resource.resource_arn}")

    def _from_error(self, env: Any, ex: Exception) -> Any:
        if isinstance(ex, NotOfferedError):
            return failure_event(self, env, NOT_OFFERED, str(ex))
        return super()._from_error(env, ex)


@contextmanager
def refused_integrations() -> Iterator[None]:
    """Refuse what is not offered when it is called, and pass on all parameters to what is."""
    upstream = state_task_factory.state_task_service_for

    def state_task_service_for(service_name: str) -> StateTaskService:
        return upstream(service_name) if service_name in OFFERED else _RefusedTask()

    def eval_parameters(self: Any, env: Any) -> Any:
        if self.parargs is None:
            return {}
        self.parargs.eval(env=env)
        return env.stack.pop()

    with ExitStack() as patches:
        patches.enter_context(replaced(state_task_factory, "state_task_service_for", state_task_service_for))
        patches.enter_context(replaced(StateTaskService, "_eval_parameters", eval_parameters))
        yield
