"""What redriving a failed execution would come to."""

import hashlib
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from stepweave.command.dlq.letter import FailedExecution
from stepweave.contract.redrive import successor

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions.client import SFNClient
    from mypy_boto3_stepfunctions.type_defs import DescribeExecutionOutputTypeDef

_LONGEST_NAME: Final = 80
_DIGEST: Final = 8


class Way(StrEnum):
    """What can be done about a failed execution."""

    REDRIVE = "redrive"
    """Step Functions runs the same execution on from where it failed."""
    NEW = "new execution"
    """A new execution runs on the same input, with the results that the first one stored."""
    OVER = "nothing to do"
    """It has been taken care of since."""
    WAIT = "not yet"
    """Step Functions does not say yet that it failed."""


@dataclass(frozen=True)
class Prospect:
    """What can be done about a failed execution, and why.

    Parameters
    ----------
    way : Way
        What can be done.
    why : str
        The reason, for everything but a redrive.
    input : str | None
        What the execution was given, if Step Functions still knows.
    new_name : str
        How a new execution is called.
    reuses : bool
        Whether a new execution finds the results of the first one: not if the name had to be shortened.
    """

    way: Way
    why: str = ""
    input: str | None = None
    new_name: str = ""
    reuses: bool = True

    @property
    def redrivable(self) -> bool:
        """Whether the execution can be brought back."""
        return self.way in {Way.REDRIVE, Way.NEW}


def examine(client: "SFNClient", failed: FailedExecution) -> Prospect:
    """Ask Step Functions what can be done about a failed execution.

    Parameters
    ----------
    client : SFNClient
        Where it ran.
    failed : FailedExecution
        The execution.
    """
    arn = failed.letter.execution
    found = _describe(client, arn)
    if found is None:
        return _new(client, arn, "Step Functions has forgotten it", None)
    redriven = found.get("redriveCount", 0) > failed.letter.redrives
    settled = _settled(found["status"], redriven=redriven)
    if settled is not None:
        return settled
    if found.get("redriveStatus") == "REDRIVABLE":
        return Prospect(Way.REDRIVE)
    why = found.get("redriveStatusReason") or "Step Functions does not redrive it"
    return _new(client, arn, why.rstrip("."), found.get("input"))


def _settled(status: str, *, redriven: bool) -> Prospect | None:
    """Return why there is nothing to redrive now; None if there is."""
    match status:
        case "SUCCEEDED":
            return Prospect(Way.OVER, "it has succeeded meanwhile")
        case "RUNNING" | "PENDING_REDRIVE" if redriven:
            return Prospect(Way.OVER, "it was redriven and runs again")
        case "RUNNING" | "PENDING_REDRIVE":
            return Prospect(Way.WAIT, "Step Functions still says that it runs; try again in a moment")
    return Prospect(Way.OVER, "it was redriven and failed again, which makes a letter of its own") if redriven else None


def next_name(name: str) -> tuple[str, bool]:
    """Return the name of a new execution that goes on from a failed one, and whether it finds that one's results.

    Agents know an execution by its name without what is appended here, so that a result is computed once.

    Parameters
    ----------
    name : str
        The name of the failed execution.

    Example
    -------
    >>> next_name("nightly"), next_name("nightly--redrive-1")
    (('nightly--redrive-1', True), ('nightly--redrive-2', True))
    """
    original, tail = successor(name)
    if len(original) + len(tail) <= _LONGEST_NAME:
        return original + tail, True
    digest = hashlib.sha256(name.encode()).hexdigest()[:_DIGEST]
    return f"{original[: _LONGEST_NAME - len(tail) - _DIGEST - 1]}-{digest}{tail}", False


def _new(client: "SFNClient", execution: str, why: str, given: str | None) -> Prospect:
    prefix, _, name = execution.rpartition(":")
    new, reuses = next_name(name)
    there = _describe(client, f"{prefix}:{new}")
    if there is not None:
        return Prospect(
            Way.OVER, f"{new} was started in its place, and {_STATUS.get(there['status'], there['status'])}"
        )
    return Prospect(Way.NEW, why, given, new, reuses)


_STATUS: Final = {
    "RUNNING": "is running",
    "PENDING_REDRIVE": "is about to be redriven",
    "SUCCEEDED": "has succeeded",
    "FAILED": "has failed",
    "TIMED_OUT": "has timed out",
    "ABORTED": "was aborted",
}


def _describe(client: "SFNClient", execution: str) -> "DescribeExecutionOutputTypeDef | None":
    try:
        return client.describe_execution(executionArn=execution)
    except client.exceptions.ExecutionDoesNotExist:
        return None
