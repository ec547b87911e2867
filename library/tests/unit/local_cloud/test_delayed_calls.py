import queue
import threading
from collections.abc import Iterator

import pytest

from stepweave.local_cloud.delayed_calls import DelayedCalls


@pytest.fixture
def calls() -> Iterator[DelayedCalls]:
    calls = DelayedCalls("test", running_at_once=2)
    yield calls
    calls.close()


def test_calls_are_made_when_they_are_due(calls: DelayedCalls) -> None:
    made: queue.Queue[int] = queue.Queue()
    for number in (3, 1, 2):
        calls.put(lambda number=number: made.put(number), 0.02 * number)  # type: ignore[misc]
    assert [made.get(timeout=5) for _ in range(3)] == [1, 2, 3]


def test_a_call_that_raises_is_told_and_does_no_harm(calls: DelayedCalls, caplog: pytest.LogCaptureFixture) -> None:
    made = threading.Event()

    def fail() -> None:
        raise ValueError("on purpose")

    calls.put(fail)
    calls.put(made.set, 0.01)
    assert made.wait(5)
    assert "a call in the background failed" in caplog.text


def test_closing_makes_what_is_due_and_drops_what_waits(calls: DelayedCalls) -> None:
    made: list[str] = []
    calls.put(lambda: made.append("due"))
    calls.put(lambda: made.append("waits"), 3600)
    calls.close()
    calls.put(lambda: made.append("late"))
    assert made == ["due"]
    assert not calls.is_open
