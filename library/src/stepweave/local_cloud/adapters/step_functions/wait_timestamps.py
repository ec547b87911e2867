"""Waits for a timestamp end when it has come: not before, and whatever the machine's time zone is.

Upstream defects: the timestamp, which is in UTC, is compared with the machine's local time; and what is left until then
is cut to whole seconds, so that a wait ends up to a second early.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from moto.stepfunctions.parser.asl.component.common.error_name.failure_event import FailureEventException
from moto.stepfunctions.parser.asl.component.state.wait.wait_function.timestamp import Timestamp

from stepweave.local_cloud.adapters.patch import replaced
from stepweave.local_cloud.adapters.step_functions import engine_time


@contextmanager
def wait_timestamps() -> Iterator[None]:
    """Compute how long to wait."""
    with replaced(Timestamp, "_get_wait_seconds", _get_wait_seconds):
        yield


def _get_wait_seconds(self: Any, env: Any) -> float:
    self.string.eval(env=env)
    text = env.stack.pop()
    if self._from_timestamp_string(text) is None:
        raise FailureEventException(self._create_failure_event(env, text))
    until = datetime.datetime.fromisoformat(text)
    return max(0.0, (until - engine_time.now()).total_seconds())
