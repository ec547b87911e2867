"""``ResultPath`` puts a result where AWS puts it.

Upstream defects: the input is changed in place; where the path leads through a value that is no object, or to an index
that is not there, the engine stumbles, where AWS fails the state with ``States.ResultPathMatchFailure``; and of paths
that lead nowhere ``InputPath``, ``OutputPath`` and the times of tasks tell only the first step.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from moto.stepfunctions.parser.asl.component.common.error_name.states_error_name_type import StatesErrorNameType
from moto.stepfunctions.parser.asl.component.common.path.input_path import InputPath
from moto.stepfunctions.parser.asl.component.common.path.output_path import OutputPath
from moto.stepfunctions.parser.asl.component.common.path.result_path import ResultPath
from moto.stepfunctions.parser.asl.component.common.timeouts.heartbeat import HeartbeatSecondsPath
from moto.stepfunctions.parser.asl.component.common.timeouts.timeout import TimeoutSecondsPath

from stepweave.local_cloud.adapters.patch import replaced
from stepweave.local_cloud.adapters.step_functions.json_paths import PathNotFoundError, Step, parsed
from stepweave.local_cloud.adapters.step_functions.state_failures import state_failure


def placed(value: Any, steps: tuple[Step, ...], result: Any) -> Any:
    """Return a value with a result in it, leaving the value as it is.

    Parameters
    ----------
    value
        The input of a state.
    steps
        Where the result goes; objects on the way are made if they are not there.
    result
        What goes there.

    Raises
    ------
    LookupError
        If there is no such place, nor can it be made.

    Example
    -------
    >>> placed({"a": 1}, ("b", "c"), 2)
    {'a': 1, 'b': {'c': 2}}
    """
    if not steps:
        return result
    step, *rest = steps
    if isinstance(step, str) and isinstance(value, dict):
        return {**value, step: placed(value.get(step, {}), tuple(rest), result)}
    if isinstance(step, int) and isinstance(value, list) and 0 <= step < len(value):
        return [*value[:step], placed(value[step], tuple(rest), result), *value[step + 1 :]]
    raise LookupError(step)


@contextmanager
def reference_paths() -> Iterator[None]:
    """Follow the paths of states."""
    with ExitStack() as patches:
        patches.enter_context(replaced(ResultPath, "_eval_body", _eval_result_path))
        for owner, name in (
            (InputPath, "_eval_body"),
            (OutputPath, "_eval_body"),
            (TimeoutSecondsPath, "_eval_seconds"),
            (HeartbeatSecondsPath, "_eval_seconds"),
        ):
            patches.enter_context(replaced(owner, name, _telling(getattr(owner, name))))
        yield


def _eval_result_path(self: Any, env: Any) -> None:
    given = env.states.get_input()
    path = self.result_path_src
    if path is None:
        env.stack.clear()
        env.stack.append(given)
        return
    result = copy.deepcopy(env.stack.pop())
    try:
        env.stack.append(placed(given, parsed(path).steps, result))
    except LookupError as error:
        cause = f"Unable to apply ReferencePath {path} to input {json.dumps(given, separators=(',', ':'))}"
        raise state_failure(env, StatesErrorNameType.StatesResultPathMatchFailure, cause) from error


def _telling(upstream: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    """Tell why a path leads nowhere."""

    def evaluate(self: Any, env: Any) -> Any:
        try:
            return upstream(self, env)
        except Exception as error:
            reason = error.__context__
            if not isinstance(reason, PathNotFoundError):
                raise
            cause = f"Invalid path '{reason.json_path}' : {reason.reason}"
            raise state_failure(env, StatesErrorNameType.StatesRuntime, cause) from reason

    return evaluate
