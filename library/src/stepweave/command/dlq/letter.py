"""What waits in the dead-letter queues: executions that failed, and asynchronous invocations that did.

A letter is known by what failed, not by the message that tells of it: SQS and EventBridge deliver at least once, and
two messages about one failure are one letter.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TypeAlias

from pydantic import JsonValue, ValidationError

from stepweave.cdk.naming import Names, QueueKind
from stepweave.contract.dead_letter import DeadLetter
from stepweave.contract.formats import NewerFormatError
from stepweave.contract.status_change import StatusChange, StatusChangeEvent

_ID_LENGTH = 12
_TARGET = "TARGET_ARN"


@dataclass(frozen=True)
class FailedExecution:
    """An execution that failed.

    Parameters
    ----------
    letter : DeadLetter
        What is known of it.
    examined : bool
        Whether the function that makes dead letters has looked at it. If not, the letter holds what the event said:
        no task, and no input if that was too large for an event.
    names : Names
        The names of the deployment that it is part of.
    """

    letter: DeadLetter
    examined: bool = True
    names: Names = field(default_factory=Names)

    @property
    def id(self) -> str:
        """What the letter is known by."""
        return self.token[:_ID_LENGTH]

    @property
    def token(self) -> str:
        """Digest of the failure: of this execution, after so many redrives."""
        return _digest(self.letter.execution, str(self.letter.redrives))

    @property
    def owner(self) -> str:
        """The workflow."""
        return self.names.owner(self.letter.state_machine.rpartition(":")[2])

    @property
    def error(self) -> str:
        """The error of the task that failed, or else of the execution, or else how this ended."""
        task = self.letter.task
        return (task.error if task is not None else self.letter.error) or self.letter.status

    @property
    def failed(self) -> datetime:
        """When it failed."""
        return self.letter.stopped


@dataclass(frozen=True)
class FailedInvocation:
    """An asynchronous invocation of a function that failed for good.

    Parameters
    ----------
    function : str
        Name or ARN of the function.
    payload : str
        The event, JSON text.
    request : str
        What tells it from another invocation with the same event.
    error : str
        Why it failed, as far as that is known.
    failed : datetime
        When that was.
    """

    function: str
    payload: str
    request: str
    error: str
    failed: datetime

    @property
    def id(self) -> str:
        """What the letter is known by."""
        return _digest(self.function, self.payload, self.request)[:_ID_LENGTH]

    @property
    def owner(self) -> str:
        """The function, whichever version or alias of it was invoked."""
        return self.function.rpartition(":function:")[2].partition(":")[0]


@dataclass(frozen=True)
class Unreadable:
    """A message that is nothing of that, or of a later release; it stays where it is.

    Parameters
    ----------
    queue : str
        The queue.
    text : str
        The message.
    failed : datetime
        When it was sent.
    error : str
        What is wrong with it.
    """

    queue: str
    text: str
    failed: datetime
    error: str = "no dead letter"

    @property
    def id(self) -> str:
        """What the letter is known by."""
        return _digest(self.queue, self.text)[:_ID_LENGTH]

    @property
    def owner(self) -> str:
        """The queue."""
        return self.queue


Letter: TypeAlias = FailedExecution | FailedInvocation | Unreadable


def read_letter(  # noqa: PLR0913, PLR0917
    queue: str,
    kind: QueueKind,
    body: str,
    attributes: Mapping[str, str],
    sent: datetime,
    names: Names | None = None,
) -> Letter:
    """Read a message.

    Parameters
    ----------
    queue : str
        The name of the queue.
    kind : QueueKind
        What waits in it.
    body : str
        The message.
    attributes : Mapping[str, str]
        Its attributes by name.
    sent : datetime
        When it was sent.
    names : Names | None
        The names of the deployment that the queue is part of.

    Example
    -------
    >>> read_letter("stepweave-linter-invocations", QueueKind.INVOCATIONS, "{}", {}, datetime.now(UTC)).owner
    'stepweave-linter'
    """
    value, names = _json(body), names or Names()
    try:
        return FailedExecution(DeadLetter.model_validate(value), names=names)
    except NewerFormatError as newer:
        return Unreadable(queue, body, sent, str(newer))
    except ValidationError:
        pass
    try:
        unexamined = _unexamined(StatusChangeEvent.model_validate(value).detail, sent)
        return FailedExecution(unexamined, examined=False, names=names)
    except ValidationError:
        pass
    function = queue.removesuffix(f"-{kind}") if kind is QueueKind.INVOCATIONS else attributes.get(_TARGET, "")
    if value is None or (kind is not QueueKind.INVOCATIONS and ":function:" not in function):
        return Unreadable(queue, body, sent)
    error = attributes.get("ErrorMessage") or attributes.get("ERROR_MESSAGE") or ""
    return FailedInvocation(function, body, attributes.get("RequestID", ""), error, sent)


def _unexamined(change: StatusChange, sent: datetime) -> DeadLetter:
    return DeadLetter(
        execution=change.execution,
        state_machine=change.state_machine,
        status=change.status,
        started=change.started,
        stopped=change.stopped or sent,
        redrives=change.redrives or 0,
        input=None if change.input is None else _json(change.input),
        error=change.error or "",
        cause=change.cause or "",
    )


def time_of(milliseconds: str) -> datetime:
    """Return the time that SQS writes as milliseconds since the epoch."""
    return datetime.fromtimestamp(int(milliseconds) / 1000, UTC)


def _json(text: str) -> JsonValue:
    try:
        value: JsonValue = json.loads(text)
    except ValueError:
        return None
    return value


def _digest(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()
