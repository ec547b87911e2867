"""Waits end at their timestamp."""

import datetime
import time
from typing import Any

import pytest

from stepweave.local_cloud.adapters.step_functions.wait_timestamps import wait_timestamps

WAIT = {"StartAt": "Wait", "States": {"Wait": {"Type": "Wait", "TimestampPath": "$.until", "End": True}}}


@pytest.fixture
def local_time(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("TZ", request.param)
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.parametrize("local_time", ["UTC", "Asia/Tokyo", "America/New_York"], indirect=True)
@pytest.mark.usefixtures("local_time")
def test_a_wait_does_not_end_before_its_time_nor_by_the_time_of_the_place(engine: Any) -> None:
    engine.adapt(wait_timestamps())
    until = datetime.datetime.now(datetime.UTC).replace(microsecond=0) + datetime.timedelta(seconds=2)
    execution = engine.start(WAIT, {"until": f"{until:%Y-%m-%dT%H:%M:%SZ}"})
    engine.end(execution)
    (exited,) = [event for event in engine.history(execution) if event["type"] == "WaitStateExited"]
    assert exited["timestamp"] >= until


def test_a_time_that_is_over_is_not_waited_for(engine: Any) -> None:
    engine.adapt(wait_timestamps())
    execution = engine.start(WAIT, {"until": "2001-02-03T04:05:06Z"})
    assert engine.end(execution)["status"] == "SUCCEEDED"


def test_what_is_no_timestamp_fails(engine: Any) -> None:
    engine.adapt(wait_timestamps())
    execution = engine.start(WAIT, {"until": "tomorrow"})
    assert (engine.end(execution)["status"], engine.end(execution)["error"]) == ("FAILED", "States.Runtime")


@pytest.mark.parametrize("until", ["2001-02-03T04:05:06.5Z", "2001-02-03T04:05:06+23:00"])
def test_a_timestamp_may_have_a_fraction_and_an_offset(engine: Any, until: str) -> None:
    engine.adapt(wait_timestamps())
    assert engine.end(engine.start(WAIT, {"until": until}))["status"] == "SUCCEEDED"


def test_a_wait_is_not_longer_than_aws_lets_it_be(engine: Any) -> None:
    engine.adapt(wait_timestamps())
    ended = engine.end(engine.start(WAIT, {"until": "2999-01-01T00:00:00Z"}))
    assert ended["cause"].endswith("Wait state delay is too long.")
