from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError, ReadTimeoutError

from stepweave.command.errors import CommandError
from stepweave.command.executions.definition_tasks import DefinedTask
from stepweave.command.executions.execution import await_end, check_name, describe, follow, new_name, start_execution
from stepweave.command.executions.execution_tree import ExecutionTree
from stepweave.command.executions.progress import Progress, TaskStatus

START = datetime(2026, 1, 1, tzinfo=UTC)
ARN = "arn:aws:states:us-east-1:123456789012:execution:stepweave-demo:one"
ENTERED = {
    "id": 1,
    "previousEventId": 0,
    "type": "TaskStateEntered",
    "timestamp": START,
    "stateEnteredEventDetails": {"name": "lint"},
}
EXITED = {"id": 2, "previousEventId": 1, "type": "TaskStateExited", "timestamp": START}
ENDED = {"id": 3, "previousEventId": 2, "type": "ExecutionSucceeded", "timestamp": START}


def refused(code: str, status: int = 400) -> ClientError:
    return ClientError(
        {"Error": {"Code": code, "Message": "no"}, "ResponseMetadata": {"HTTPStatusCode": status}},  # type: ignore[typeddict-item]
        "GetExecutionHistory",
    )


class TakenError(Exception):
    pass


class FakeStepFunctions:
    """Answers each look at the history with the next of `looks`, and says that it runs until `status` is set."""

    class exceptions:  # noqa: N801 - as in boto3
        ExecutionAlreadyExists = TakenError

    def __init__(self, *looks: list[dict[str, Any]] | Exception, status: str = "RUNNING") -> None:
        self.looks = list(looks)
        self.status = status
        self.names: set[str] = set()

    def get_execution_history(self, **_: Any) -> dict[str, Any]:
        look = self.looks.pop(0) if len(self.looks) > 1 else self.looks[0]
        if isinstance(look, Exception):
            raise look
        return {"events": look}

    def describe_execution(self, **_: Any) -> dict[str, Any]:
        found = {"status": self.status, "startDate": START, "stopDate": START + timedelta(seconds=2.5)}
        if self.status == "SUCCEEDED":
            found["output"] = '{"a": 1}'
        if self.status == "FAILED":
            found |= {"error": "E", "cause": "C"}
        return found

    def start_execution(self, *, name: str, **_: Any) -> dict[str, Any]:
        if name in self.names:
            raise TakenError
        self.names.add(name)
        return {"executionArn": ARN}


def followed(service: FakeStepFunctions) -> list[Progress]:
    return list(follow(ExecutionTree(service, ARN, Progress.of([DefinedTask("lint")])), 0))  # type: ignore[arg-type]


def test_an_execution_is_followed_to_its_end() -> None:
    seen = followed(FakeStepFunctions([ENTERED], [ENTERED, EXITED], [ENTERED, EXITED, ENDED]))
    assert [progress.tasks["lint"].status for progress in seen] == [
        TaskStatus.RUNNING,
        TaskStatus.DONE,
        TaskStatus.DONE,
    ]
    assert seen[-1].ended == "SUCCEEDED"


def test_an_end_that_the_history_does_not_tell_is_noticed() -> None:
    seen = followed(FakeStepFunctions([ENTERED], status="TIMED_OUT"))
    assert seen[-1].ended == ""


@pytest.mark.parametrize(
    "passing",
    [refused("ThrottlingException"), refused("InternalError", 500), ReadTimeoutError(endpoint_url="http://x")],
)
def test_a_passing_error_is_waited_out(passing: Exception) -> None:
    seen = followed(FakeStepFunctions([ENTERED], passing, passing, [ENTERED, EXITED, ENDED]))
    assert seen[-1].ended == "SUCCEEDED"


@pytest.mark.parametrize("lasting", [refused("AccessDeniedException"), ReadTimeoutError(endpoint_url="http://x")])
def test_an_error_that_lasts_names_the_execution_that_goes_on(lasting: Exception) -> None:
    with pytest.raises(CommandError, match="cannot follow the execution any more") as lost:
        followed(FakeStepFunctions([ENTERED], lasting))
    assert ARN in lost.value.hint
    assert lost.value.exit_code == 1


def test_how_an_execution_ended() -> None:
    running = FakeStepFunctions([])
    assert describe(running, ARN) is None  # type: ignore[arg-type]
    assert await_end(running, ARN, seconds=0) is None  # type: ignore[arg-type]
    succeeded = await_end(FakeStepFunctions([], status="SUCCEEDED"), ARN)  # type: ignore[arg-type]
    assert succeeded is not None
    assert (succeeded.status, succeeded.seconds, succeeded.output) == ("SUCCEEDED", 2.5, {"a": 1})
    failed = await_end(FakeStepFunctions([], status="FAILED"), ARN)  # type: ignore[arg-type]
    assert failed is not None
    assert (failed.error, failed.cause, failed.output) == ("E", "C", None)


def test_a_name_that_is_taken_is_refused() -> None:
    service = FakeStepFunctions([])
    assert start_execution(service, "arn", "one", "{}") == ARN  # type: ignore[arg-type]
    with pytest.raises(CommandError, match="an execution named one exists already") as taken:
        start_execution(service, "arn", "one", "{}")  # type: ignore[arg-type]
    assert taken.value.exit_code == 2


@pytest.mark.parametrize("name", ["", "a b", "a/b", "x" * 81, "ü", "a\n"])
def test_names_that_step_functions_or_a_key_cannot_take(name: str) -> None:
    with pytest.raises(CommandError, match="1 to 80 letters"):
        check_name(name)


def test_new_names_are_good_and_differ() -> None:
    names = {new_name(workflow) for workflow in ["word-count", "x" * 80] for _ in range(20)}
    assert len(names) == 40
    assert all(check_name(name) for name in names)
