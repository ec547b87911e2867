"""How often the engine looks whether a job has ended."""

import datetime
import threading
from collections.abc import Callable
from typing import Any

import pytest

from stepweave.local_cloud.adapters.step_functions import engine_time
from stepweave.local_cloud.adapters.step_functions.service_tasks import service_task_names
from stepweave.local_cloud.adapters.step_functions.sync_polling import quick_sync_polling

UPSTREAM_SECONDS = 0.5


class RecordingClock:
    """The engine's clock, which remembers how long the engine wants to wait."""

    def __init__(self, clock: engine_time.Clock) -> None:
        self._clock = clock
        self.asked: set[float | None] = set()

    def now(self) -> datetime.datetime:
        return self._clock.now()

    def wait(self, event: threading.Event, seconds: float | None, *, is_awaited: bool = True) -> bool:
        self.asked.add(seconds)
        return self._clock.wait(event, seconds, is_awaited=is_awaited)

    def look_again(self, event: threading.Event) -> None:
        self._clock.look_again(event)

    def start(self, action: Callable[[], None]) -> None:
        self._clock.start(action)


def test_upstream_lets_a_job_wait_for_half_a_second(engine: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    engine.adapt(service_task_names())
    child = engine.create({"StartAt": "W", "States": {"W": {"Type": "Wait", "Seconds": 1, "End": True}}})
    resource, parameters = "arn:aws:states:::states:startExecution.sync", {"StateMachineArn": child, "Input": {}}
    task = {"Type": "Task", "Resource": resource, "Parameters": parameters, "End": True}

    def asked() -> set[float | None]:
        clock = RecordingClock(engine_time.clock)
        with monkeypatch.context() as patch:
            patch.setattr(engine_time, "clock", clock)
            execution = engine.end(engine.start({"StartAt": "Job", "States": {"Job": task}}))
        assert execution["status"] == "SUCCEEDED", execution
        return clock.asked

    assert UPSTREAM_SECONDS in asked()
    engine.adapt(quick_sync_polling())
    seconds = asked()
    assert UPSTREAM_SECONDS not in seconds
    assert any(wait is not None and wait < UPSTREAM_SECONDS / 10 for wait in seconds)
