import time

from lambdas.replayer.contract import ReplayInput, ReplayResult
from lambdas.replayer.handler import handler
from lambdas.runtime.context import TaskContext


def test_it_takes_the_recorded_time_and_says_when() -> None:
    before = time.time()
    result: ReplayResult = handler.__wrapped__(ReplayInput(seconds=0.05), TaskContext("e", "first"))  # type: ignore[attr-defined]
    assert result.task == "first"
    assert before <= result.started <= result.finished <= time.time()
    assert result.finished - result.started >= 0.05
