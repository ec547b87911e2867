import time

import pytest

from stepweave.runtime.context import TaskContext


@pytest.mark.parametrize(
    ("arn", "name"),
    [
        ("arn:aws:states:us-east-1:123456789012:execution:stepweave-code-review:run-1", "run-1"),
        ("arn:aws:states:us-east-1:123456789012:express:stepweave-code-review:run-1:7f4a", "run-1:7f4a"),
        ("run-1", "run-1"),
    ],
)
def test_the_name_of_the_execution_is_the_end_of_its_arn(arn: str, name: str) -> None:
    assert TaskContext(arn, "task").execution_name == name


def test_time_left_is_never_negative_and_unlimited_if_not_given() -> None:
    assert TaskContext("e", "t", deadline=time.monotonic() - 5).remaining_seconds() == 0
    assert 0 < TaskContext("e", "t", deadline=time.monotonic() + 60).remaining_seconds() <= 60
    assert TaskContext("e", "t").remaining_seconds() == float("inf")
