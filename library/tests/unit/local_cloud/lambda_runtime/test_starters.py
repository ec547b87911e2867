import threading
from collections.abc import Iterator

import pytest

from stepweave.local_cloud.lambda_runtime.starters import Starters

AT_ONCE = 2


@pytest.fixture
def starters() -> Iterator[Starters]:
    starters = Starters(16, AT_ONCE, patience_seconds=0.05)
    yield starters
    starters.close()


def test_starts_that_hang_delay_others_for_a_moment_only(starters: Starters) -> None:
    hanging, done = threading.Event(), threading.Event()
    for _ in range(2 * AT_ONCE):
        starters.start(lambda: True, lambda: hanging.wait(30))
    starters.start(lambda: True, done.set)
    try:
        assert done.wait(10)
    finally:
        hanging.set()


def test_a_start_whose_turn_comes_too_late_is_left_out(starters: Starters) -> None:
    began: list[int] = []
    starters.start(lambda: False, lambda: began.append(1))
    starters.close()
    assert began == []


def test_other_work_needs_no_turn(starters: Starters) -> None:
    hanging, done = threading.Event(), threading.Event()
    for _ in range(AT_ONCE):
        starters.start(lambda: True, lambda: hanging.wait(30))
    starters.run(done.set)
    try:
        assert done.wait(10)
    finally:
        hanging.set()
