"""What can be done about a failed execution, by what Step Functions says of it."""

import re
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stepweave.command.dlq.letter import FailedExecution
from stepweave.command.dlq.prospect import Way, examine, next_name
from tests.unit.command.dlq.test_letter import EXECUTION, dead_letter

NAMES = st.from_regex(r"[0-9A-Za-z_-]{1,80}", fullmatch=True)


class _ExecutionDoesNotExist(Exception):  # noqa: N818 - AWS's name
    """What the client raises."""


@dataclass
class _Exceptions:
    ExecutionDoesNotExist: type[Exception] = _ExecutionDoesNotExist


@dataclass
class FakeStepFunctions:
    """Knows executions by ARN."""

    executions: dict[str, dict[str, Any]]
    exceptions: _Exceptions = field(default_factory=_Exceptions)

    def describe_execution(self, *, executionArn: str) -> dict[str, Any]:  # noqa: N803
        if executionArn not in self.executions:
            raise _ExecutionDoesNotExist
        return self.executions[executionArn]


def prospect(described: dict[str, Any] | None, *, others: dict[str, Any] | None = None, redrives: int = 1) -> Any:
    known = {EXECUTION: described} if described is not None else {}
    client: Any = FakeStepFunctions({**known, **(others or {})})
    return examine(client, FailedExecution(dead_letter(redrives=redrives)))


@pytest.mark.parametrize(
    ("status", "count", "way"),
    [
        ("FAILED", 1, Way.REDRIVE),
        ("TIMED_OUT", 1, Way.REDRIVE),
        ("ABORTED", 1, Way.REDRIVE),
        ("FAILED", 2, Way.OVER),
        ("RUNNING", 2, Way.OVER),
        ("PENDING_REDRIVE", 2, Way.OVER),
        ("RUNNING", 1, Way.WAIT),
        ("SUCCEEDED", 1, Way.OVER),
        ("SUCCEEDED", 2, Way.OVER),
    ],
)
def test_each_status_has_its_way(status: str, count: int, way: Way) -> None:
    found = prospect({"status": status, "redriveCount": count, "redriveStatus": "REDRIVABLE"})
    assert found.way is way
    assert found.redrivable is (way is Way.REDRIVE)


def test_what_cannot_be_redriven_starts_anew_with_its_input() -> None:
    reason = "Execution history event limit exceeded."
    described = {
        "status": "FAILED",
        "redriveCount": 1,
        "redriveStatus": "NOT_REDRIVABLE",
        "redriveStatusReason": reason,
        "input": '{"exactly":  "this"}',
    }
    found = prospect(described)
    assert (found.way, found.why, found.new_name) == (Way.NEW, reason.rstrip("."), "run-1--redrive-1")
    assert found.input == '{"exactly":  "this"}'


def test_what_step_functions_has_forgotten_starts_anew_unless_somebody_has_done_so() -> None:
    assert (prospect(None).way, prospect(None).input) == (Way.NEW, None)
    found = prospect(None, others={f"{EXECUTION}--redrive-1": {"status": "FAILED"}})
    assert (found.way, found.why) == (Way.OVER, "run-1--redrive-1 was started in its place, and has failed")


@given(NAMES)
def test_a_new_name_is_one_that_step_functions_takes_and_always_the_same(name: str) -> None:
    new, reuses = next_name(name)
    assert re.fullmatch(r"[0-9A-Za-z_-]{1,80}", new)
    assert new != name
    assert next_name(name) == (new, reuses)
    stripped = re.sub(r"--redrive-[0-9]+$", "", name)
    # The name without the suffix is what agents know an execution by.
    assert reuses is (re.sub(r"--redrive-[0-9]+$", "", new) == stripped)


@given(st.lists(NAMES, min_size=2, max_size=5, unique=True))
def test_different_executions_are_started_under_different_names(names: list[str]) -> None:
    assert len({next_name(name)[0] for name in names}) == len(names)


def test_a_name_that_gets_too_long_is_shortened_and_says_so() -> None:
    longest = "x" * 69
    assert next_name(longest) == (f"{longest}--redrive-1", True)
    shortened, reuses = next_name(longest + "y")
    assert len(shortened) == 80
    assert not reuses
    assert next_name(f"{longest}--redrive-9")[1] is False, "the number has one digit more"
