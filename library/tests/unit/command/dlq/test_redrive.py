"""A letter leaves its queue only when its redrive was accepted, and is redriven once whoever else does it."""

from dataclasses import dataclass, field
from typing import Any

import pytest
from botocore.exceptions import ClientError

from stepweave.command.dlq.letter import FailedExecution
from stepweave.command.dlq.redrive import Redriver
from stepweave.command.dlq.result import Verdict
from tests.unit.command.dlq.test_letter import EXECUTION, dead_letter


class ExecutionDoesNotExist(Exception):  # noqa: N818 - AWS's name
    """What the client raises."""


class ExecutionNotRedrivable(ClientError):  # noqa: N818 - AWS's name
    """What the client raises."""

    def __init__(self) -> None:
        super().__init__({"Error": {"Code": "ExecutionNotRedrivable", "Message": "no"}}, "RedriveExecution")


class ExecutionAlreadyExists(Exception):  # noqa: N818 - AWS's name
    """What the client raises."""


class StateMachineDoesNotExist(Exception):  # noqa: N818 - AWS's name
    """What the client raises."""


class Exceptions:
    """The errors of the client."""

    ExecutionDoesNotExist = ExecutionDoesNotExist
    ExecutionNotRedrivable = ExecutionNotRedrivable
    ExecutionAlreadyExists = ExecutionAlreadyExists
    StateMachineDoesNotExist = StateMachineDoesNotExist


@dataclass
class Cloud:
    """Step Functions as the redriver sees it, and what it was asked for."""

    described: list[dict[str, Any]]
    """What is answered to one look after another; the last one stays."""
    raises: Exception | None = None
    redriven: list[str] = field(default_factory=list)
    started: list[tuple[str, str]] = field(default_factory=list)
    exceptions = Exceptions()

    def client(self, service: str) -> Any:
        return self

    def describe_execution(self, *, executionArn: str) -> dict[str, Any]:  # noqa: N803
        if executionArn != EXECUTION or not self.described:
            raise ExecutionDoesNotExist
        return self.described.pop(0) if len(self.described) > 1 else self.described[0]

    def redrive_execution(self, *, executionArn: str, clientToken: str) -> None:  # noqa: N803
        if self.raises is not None:
            raise self.raises
        self.redriven.append(clientToken)

    def start_execution(self, *, stateMachineArn: str, name: str, input: str) -> dict[str, str]:  # noqa: N803
        if self.raises is not None:
            raise self.raises
        self.started.append((name, input))
        return {"executionArn": f"{EXECUTION}-new"}


@dataclass
class Box:
    """A mailbox that notes what becomes of messages."""

    ours: bool = True
    removed: list[str] = field(default_factory=list)
    given_back: list[str] = field(default_factory=list)

    def keep(self, messages: list[str]) -> bool:
        return self.ours

    def remove(self, message: str) -> None:
        self.removed.append(message)

    def give_back(self, messages: list[str]) -> None:
        self.given_back += messages


REDRIVABLE = {"status": "FAILED", "redriveCount": 0, "redriveStatus": "REDRIVABLE"}
NOT_REDRIVABLE = {"status": "FAILED", "redriveCount": 0, "redriveStatus": "NOT_REDRIVABLE", "input": "{}"}
FAILED = FailedExecution(dead_letter())


def redrive(cloud: Any, box: Any, failed: FailedExecution = FAILED) -> Any:
    messages: Any = ["a", "b"]
    return Redriver(cloud, box).redrive(failed, messages)


def test_an_accepted_redrive_removes_every_message_of_the_failure() -> None:
    cloud, box = Cloud([REDRIVABLE]), Box()
    result = redrive(cloud, box)
    assert (result.verdict, result.execution) == (Verdict.REDRIVEN, EXECUTION)
    assert cloud.redriven == [FAILED.token]
    assert (box.removed, box.given_back) == (["a", "b"], [])


def test_two_requests_for_one_failure_bear_one_token_and_for_two_failures_two() -> None:
    cloud = Cloud([REDRIVABLE])
    redrive(cloud, Box())
    redrive(cloud, Box())
    assert len(set(cloud.redriven)) == 1
    cloud.described = [{**REDRIVABLE, "redriveCount": 1}]
    redrive(cloud, Box(), FailedExecution(dead_letter(redrives=1)))
    assert len(set(cloud.redriven)) == 2


@pytest.mark.parametrize("code", ["ThrottlingException", "ExecutionLimitExceeded", "AccessDeniedException"])
def test_a_refused_redrive_gives_the_messages_back(code: str) -> None:
    error = ClientError({"Error": {"Code": code, "Message": "not now"}}, "RedriveExecution")
    box = Box()
    result = redrive(Cloud([REDRIVABLE], raises=error), box)
    assert result.verdict is Verdict.REFUSED
    assert code in result.text
    assert (box.removed, box.given_back) == ([], ["a", "b"])


def test_an_unexpected_error_removes_nothing() -> None:
    box = Box()
    with pytest.raises(ZeroDivisionError):
        redrive(Cloud([REDRIVABLE], raises=ZeroDivisionError()), box)
    assert box.removed == []


def test_what_somebody_redrove_in_the_meantime_is_only_removed() -> None:
    running = {"status": "RUNNING", "redriveCount": 1}
    box = Box()
    result = redrive(Cloud([REDRIVABLE, running], raises=ExecutionNotRedrivable()), box)
    assert (result.verdict, result.text) == (Verdict.REMOVED, "it was redriven and runs again")
    assert box.removed == ["a", "b"]


def test_whose_time_for_a_redrive_ends_just_now_starts_anew() -> None:
    class JustEnded(Cloud):
        def redrive_execution(self, *, executionArn: str, clientToken: str) -> None:  # noqa: N803
            raise ExecutionNotRedrivable

    cloud = JustEnded([REDRIVABLE, NOT_REDRIVABLE])
    assert redrive(cloud, Box()).verdict is Verdict.REDRIVEN
    assert cloud.started == [("run-1--redrive-1", "{}")]


def test_an_execution_that_somebody_else_started_counts_as_accepted() -> None:
    box = Box()
    result = redrive(Cloud([NOT_REDRIVABLE], raises=ExecutionAlreadyExists()), box)
    assert result.verdict is Verdict.REMOVED
    assert box.removed == ["a", "b"]


def test_a_state_machine_that_is_gone_is_said_to_be() -> None:
    box = Box()
    result = redrive(Cloud([], raises=StateMachineDoesNotExist()), box)
    assert (result.verdict, box.given_back) == (Verdict.REFUSED, ["a", "b"])
    assert "deploy word-count again" in result.text


def test_the_input_of_a_forgotten_execution_is_the_letters() -> None:
    cloud = Cloud([])
    redrive(cloud, Box(), FailedExecution(dead_letter(input={"a": [1]})))
    assert cloud.started == [("run-1--redrive-1", '{"a": [1]}')]
    unknown = FailedExecution(dead_letter(input=None), examined=False)
    result = redrive(Cloud([]), Box(), unknown)
    assert (result.verdict, "too large for the event" in result.text) == (Verdict.REFUSED, True)


def test_nothing_is_done_about_a_message_that_somebody_else_has() -> None:
    cloud, box = Cloud([REDRIVABLE]), Box(ours=False)
    assert redrive(cloud, box).verdict is Verdict.REFUSED
    assert (cloud.redriven, box.removed, box.given_back) == ([], [], ["a", "b"])
