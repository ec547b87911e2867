"""Answers for task tokens that are no longer waited for, or never were.

Upstream defects: a token whose task has ended is called unknown (``InvalidToken``) or nonexistent
(``TaskDoesNotExist``), where AWS says ``TaskTimedOut``; a second answer is accepted; so is one that is not JSON, and it
fails the execution.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any, Final

from moto.core.exceptions import AWSError
from moto.stepfunctions.exceptions import InvalidToken
from moto.stepfunctions.parser.asl.eval.callback.callback import CallbackOutcomeFailure, CallbackOutcomeSuccess
from moto.stepfunctions.parser.models import StepFunctionsParserBackend

from stepweave.local_cloud.adapters.patch import replaced
from stepweave.local_cloud.adapters.step_functions.strict_json import loads

_DELIVERY: Final = threading.Lock()


class TaskTimedOut(AWSError):  # type: ignore[misc]  # noqa: N818 - AWS's name
    """The task of this token has ended."""

    TYPE = "TaskTimedOut"
    STATUS = 400


class InvalidOutput(AWSError):  # type: ignore[misc]  # noqa: N818 - AWS's name
    """The output is not JSON."""

    TYPE = "InvalidOutput"
    STATUS = 400


@contextmanager
def task_tokens() -> Iterator[None]:
    """Answer calls with task tokens as AWS does."""
    with ExitStack() as patches:
        for name, method in (
            ("send_task_success", _send_task_success),
            ("send_task_failure", _send_task_failure),
            ("send_task_heartbeat", _send_task_heartbeat),
        ):
            patches.enter_context(replaced(StepFunctionsParserBackend, name, method))
        yield


def _send_task_success(self: Any, task_token: str, outcome: str) -> None:
    with _DELIVERY:
        endpoint = _waiting(self, task_token)
        try:
            loads(outcome)
        except (TypeError, ValueError) as error:
            raise InvalidOutput(f"Invalid Output: '{error}'") from error
        endpoint.notify(CallbackOutcomeSuccess(callback_id=task_token, output=outcome))


def _send_task_failure(self: Any, task_token: str, error: str | None = None, cause: str | None = None) -> None:
    with _DELIVERY:
        _waiting(self, task_token).notify(CallbackOutcomeFailure(callback_id=task_token, error=error, cause=cause))


def _send_task_heartbeat(self: Any, task_token: str) -> None:
    with _DELIVERY:
        _waiting(self, task_token).notify_heartbeat()


def _waiting(backend: Any, token: str) -> Any:
    """Return where a token is waited for.

    Raises
    ------
    InvalidToken
        If no task ever had it.
    TaskTimedOut
        If its task has ended.
    """
    for machine in backend.state_machines:
        for execution in list(machine.executions):
            environment = execution.exec_worker.env if execution.exec_worker is not None else None
            pool = getattr(environment, "callback_pool_manager", None)
            endpoint = pool.get(token) if pool is not None else None
            if endpoint is None:
                continue
            is_closed = endpoint.get_outcome() is not None or endpoint.consumer_error is not None
            if is_closed or execution.stop_date is not None:
                raise TaskTimedOut("Task Timed Out: 'Provided task does not exist anymore'")
            return endpoint
    raise InvalidToken("'Invalid token'")
