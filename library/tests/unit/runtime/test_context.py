import time

import pytest

from stepweave.runtime.context import TaskContext


@pytest.mark.parametrize(
    ("arn", "path", "name"),
    [
        ("arn:aws:states:us-east-1:123456789012:execution:review:run-1", "review/run-1", "run-1"),
        ("arn:aws:states:us-east-1:123456789012:express:review:run-1:7f4a", "review/run-1:7f4a", "run-1:7f4a"),
        ("arn:aws:states:us-east-1:123456789012:execution:review/map-1:run-1", "review/map-1/run-1", "run-1"),
        ("run-1", "run-1", "run-1"),
    ],
)
def test_the_names_of_the_state_machine_and_the_execution_end_its_arn(arn: str, path: str, name: str) -> None:
    context = TaskContext(arn, "task")
    assert (context.execution_path, context.execution_name) == (path, name)


def test_time_left_is_never_negative_and_unlimited_if_not_given() -> None:
    assert TaskContext("e", "t", deadline=time.monotonic() - 5).remaining_seconds() == 0
    assert 0 < TaskContext("e", "t", deadline=time.monotonic() + 60).remaining_seconds() <= 60
    assert TaskContext("e", "t").remaining_seconds() == float("inf")
