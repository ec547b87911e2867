"""Errors have the names that they have on AWS, and are caught by the names that catch them there.

Upstream defects: a name that begins with ``States.`` and is none of Step Functions' own is refused in ``Fail`` and in
``ErrorEquals``, and one of its own fails the engine where a branch or an iteration ends with it; ``States.ALL`` catches
``States.Runtime``, which ends an execution on AWS; ``States.TaskFailed``, which stands for any error but a time-out,
catches none that begins with ``States.``; ``States.HeartbeatTimeout`` catches nothing; and a path that leads nowhere is
told without the field in which it stands.
"""

# ruff: noqa: SLF001 - upstream's own seams

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any, Final

from moto.stepfunctions.parser.asl.component.common.error_name.custom_error_name import CustomErrorName
from moto.stepfunctions.parser.asl.component.common.error_name.error_equals_decl import ErrorEqualsDecl
from moto.stepfunctions.parser.asl.component.common.error_name.error_name import ErrorName
from moto.stepfunctions.parser.asl.component.common.error_name.states_error_name import StatesErrorName
from moto.stepfunctions.parser.asl.component.common.error_name.states_error_name_type import StatesErrorNameType
from moto.stepfunctions.parser.asl.component.state.exec.execute_state import ExecutionState
from moto.stepfunctions.parser.asl.component.state.exec.state_task.state_task import StateTask
from moto.stepfunctions.parser.asl.eval.callback.callback import HeartbeatTimeoutError
from moto.stepfunctions.parser.asl.utils.encoding import to_json_str
from moto.stepfunctions.parser.asl.utils.json_path import NoSuchJsonPathError

from stepweave.local_cloud.adapters.patch import replaced
from stepweave.local_cloud.adapters.step_functions.state_failures import state_failure

_HEARTBEAT: Final = "States.HeartbeatTimeout"
_TIMEOUT: Final = "States.Timeout"
_NEVER_BY_WILDCARD: Final = frozenset({"States.Runtime"})


def is_caught(error: str | None, names: Collection[str | None]) -> bool:
    """Tell whether an error is one of those that a ``Retry`` or ``Catch`` names.

    Parameters
    ----------
    error
        Its name; None if it has none.
    names
        What ``ErrorEquals`` lists.

    Example
    -------
    >>> is_caught("States.Timeout", ["States.TaskFailed"]), is_caught("States.Timeout", ["States.ALL"])
    (False, True)
    """
    if error in names or (error == _HEARTBEAT and _TIMEOUT in names):
        return True
    if error in _NEVER_BY_WILDCARD:
        return False
    return "States.ALL" in names or ("States.TaskFailed" in names and error not in {_TIMEOUT, _HEARTBEAT})


@contextmanager
def error_names() -> Iterator[None]:
    """Name errors, and match their names."""
    with ExitStack() as patches:
        for owner, name, method in (
            (CustomErrorName, "__init__", ErrorName.__init__),
            (ErrorEqualsDecl, "_eval_body", _matches),
            (ExecutionState, "_from_error", _with_field(ExecutionState._from_error)),
            (StateTask, "_from_error", _with_heartbeat(StateTask._from_error)),
        ):
            patches.enter_context(replaced(owner, name, method))
        yield


def _matches(self: Any, env: Any) -> None:
    error = env.stack.pop()
    names = {name.error_name for name in self.error_names}
    env.stack.append(is_caught(error.error_name if error is not None else None, names))


def _with_field(upstream: Callable[..., Any]) -> Callable[..., Any]:
    def from_error(self: Any, env: Any, ex: Exception) -> Any:
        if not isinstance(ex, NoSuchJsonPathError):
            return upstream(self, env=env, ex=ex)
        data = to_json_str(ex.data, separators=(",", ":"))
        cause = (
            f"The JSONPath '{ex.json_path}' specified for the field '{env.next_field_name}' "
            f"could not be found in the input '{data}'"
        )
        failure: Any = state_failure(env, StatesErrorNameType.StatesRuntime, cause)
        return failure.failure_event

    return from_error


def _with_heartbeat(upstream: Callable[..., Any]) -> Callable[..., Any]:
    """What is told is a time-out; it has a name of its own for those who catch it."""

    def from_error(self: Any, env: Any, ex: Exception) -> Any:
        event = upstream(self, env=env, ex=ex)
        if isinstance(ex, HeartbeatTimeoutError):
            event.error_name = StatesErrorName(StatesErrorNameType.StatesHeartbeatTimeout)
        return event

    return from_error
