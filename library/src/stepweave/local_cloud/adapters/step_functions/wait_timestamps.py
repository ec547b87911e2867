"""Waits for a timestamp end when it has come: not before, and whatever the machine's time zone is.

Upstream defects: the timestamp, which is in UTC, is compared with the machine's local time; what is left until then is
cut to whole seconds, so that a wait ends up to a second early; timestamps with offsets are refused; and a wait may be
longer than AWS lets one be.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from moto.stepfunctions.parser.asl.component.common.error_name.failure_event import FailureEventException
from moto.stepfunctions.parser.asl.component.common.error_name.states_error_name_type import StatesErrorNameType
from moto.stepfunctions.parser.asl.component.state.wait.wait_function.timestamp import Timestamp

from stepweave.local_cloud.adapters.patch import replaced
from stepweave.local_cloud.adapters.step_functions import engine_time
from stepweave.local_cloud.adapters.step_functions.state_failures import state_failure
from stepweave.local_cloud.adapters.step_functions.timestamps import instant

_LONGEST_SECONDS: Final = 2**31 - 1


@contextmanager
def wait_timestamps() -> Iterator[None]:
    """Compute how long to wait."""
    with (
        replaced(Timestamp, "_get_wait_seconds", _get_wait_seconds),
        replaced(Timestamp, "_from_timestamp_string", staticmethod(instant)),
    ):
        yield


def _get_wait_seconds(self: Any, env: Any) -> float:
    self.string.eval(env=env)
    text = env.stack.pop()
    until = instant(text)
    if until is None:
        raise FailureEventException(self._create_failure_event(env, text))
    seconds = until / 1e9 - engine_time.now().timestamp()
    if seconds > _LONGEST_SECONDS:
        raise state_failure(env, StatesErrorNameType.StatesRuntime, "Wait state delay is too long.")
    return max(0.0, seconds)
