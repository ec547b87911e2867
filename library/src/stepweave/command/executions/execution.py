"""Start an execution, follow it to its end, and stop it."""

import json
import re
import secrets
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError, HTTPClientError
from pydantic import JsonValue

from stepweave.command.errors import EXIT_FAILED, CommandError, first_line
from stepweave.command.executions.execution_tree import ExecutionTree
from stepweave.command.executions.progress import Progress

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions.client import SFNClient

_NAME = re.compile(r"[0-9A-Za-z_-]{1,80}")
_PATIENCE = 5
_CHECK_EVERY = 20
"""Polls after which the execution's status is asked for itself, in case that its history does not tell its end."""

_END_SECONDS = 10.0
_END_POLL_SECONDS = 0.1


@dataclass(frozen=True)
class ExecutionEnd:
    """How an execution ended.

    Parameters
    ----------
    status : str
        ``SUCCEEDED``, ``FAILED``, ``TIMED_OUT`` or ``ABORTED``.
    seconds : float
        From its start to its end, by the clock of Step Functions.
    output : JsonValue
        What it returned; None if it did not succeed.
    error, cause : str
        Why it did not succeed.
    """

    status: str
    seconds: float
    output: JsonValue = None
    error: str = ""
    cause: str = ""


def check_name(name: str) -> str:
    """Return an execution's name if Step Functions and the keys in the payload bucket can take it.

    Raises
    ------
    CommandError
        If they cannot.
    """
    if not _NAME.fullmatch(name):
        raise CommandError(f"execution name {name!r}: use 1 to 80 letters, digits, '-' and '_'")
    return name


def new_name(workflow: str) -> str:
    """Return a name that tells workflow and time, and that no other execution has."""
    tail = f"-{datetime.now(UTC):%Y%m%d-%H%M%S}-{secrets.token_hex(3)}"
    return workflow[: 80 - len(tail)] + tail


def start_execution(client: "SFNClient", state_machine_arn: str, name: str, text: str) -> str:
    """Start an execution and return its ARN.

    Raises
    ------
    CommandError
        If the name is taken.
    """
    try:
        return client.start_execution(stateMachineArn=state_machine_arn, name=name, input=text)["executionArn"]
    except client.exceptions.ExecutionAlreadyExists as error:
        raise CommandError(f"an execution named {name} exists already", "choose another --name") from error


def follow(tree: ExecutionTree, interval: float) -> Iterator[Progress]:
    """Watch an execution, with its nested ones, until it ends.

    Parameters
    ----------
    tree : ExecutionTree
        What to watch.
    interval : float
        Seconds between two looks; longer if a look itself takes long.

    Yields
    ------
    Progress
        What each look has shown.

    Raises
    ------
    CommandError
        If Step Functions does not answer any more; the execution goes on.
    """
    unanswered = looks = 0
    while not tree.progress.ended:
        before = time.monotonic()
        try:
            # Asked first: what has ended by then is in the history that is read after it.
            over = looks % _CHECK_EVERY == _CHECK_EVERY - 1 and describe(tree.client, tree.execution_arn) is not None
            progress = tree.look()
        except Exception as error:
            unanswered += 1
            if not _is_passing(error) or unanswered == _PATIENCE:
                raise CommandError(
                    f"cannot follow the execution any more: {first_line(error)}",
                    f"it goes on without this command; its ARN is {tree.execution_arn}",
                    EXIT_FAILED,
                ) from error
        else:
            unanswered, looks = 0, looks + 1
            yield progress
            if over and not tree.is_late:
                return
        if not tree.progress.ended:
            time.sleep(max(interval, time.monotonic() - before))


def await_end(client: "SFNClient", execution_arn: str, seconds: float = _END_SECONDS) -> ExecutionEnd | None:
    """Return how an execution that is over ended; None if it is not said to be over in time.

    Parameters
    ----------
    client : SFNClient
        Where it ran.
    execution_arn : str
        Which one.
    seconds : float
        How long to wait: ``DescribeExecution`` is eventually consistent.
    """
    deadline = time.monotonic() + seconds
    while (end := describe(client, execution_arn)) is None and time.monotonic() < deadline:
        time.sleep(_END_POLL_SECONDS)
    return end


def describe(client: "SFNClient", execution_arn: str) -> ExecutionEnd | None:
    """Return how an execution ended; None while it runs."""
    found = client.describe_execution(executionArn=execution_arn)
    if found["status"] in {"RUNNING", "PENDING_REDRIVE"}:
        return None
    stopped = found.get("stopDate", datetime.now(UTC))
    output = found.get("output")
    return ExecutionEnd(
        status=found["status"],
        seconds=(stopped - found["startDate"]).total_seconds(),
        output=None if output is None else json.loads(output),
        error=found.get("error", ""),
        cause=found.get("cause", ""),
    )


def stop_execution(client: "SFNClient", execution_arn: str) -> None:
    """Stop an execution."""
    client.stop_execution(executionArn=execution_arn, error="Interrupted", cause="stopped by Ctrl-C in stepweave run")


def _is_passing(error: Exception) -> bool:
    if isinstance(error, ClientError):
        code = error.response.get("Error", {}).get("Code", "")
        return "Throttl" in code or error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0) >= 500
    return isinstance(error, HTTPClientError)
