"""Dead letters as a person reads them, and as a program does."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypedDict, cast

from pydantic import JsonValue
from rich.box import SIMPLE_HEAD
from rich.table import Table

from stepweave.command.dlq.letter import FailedExecution, FailedInvocation, Letter, Unreadable
from stepweave.command.dlq.mailbox import Message
from stepweave.command.dlq.prospect import Prospect, Way
from stepweave.command.executions.failure_text import plain_cause
from stepweave.command.terminal.console import seconds, show_pairs, standard_output, styled
from stepweave.contract.reference import REFERENCE_KEY

_COLUMNS = ("id", "from", "task", "error", "attempts", "age", "redrive")
_DAY = 24 * 3600


@dataclass(frozen=True)
class Entry:
    """A letter with all that is known of it.

    Parameters
    ----------
    letter : Letter
        What failed.
    messages : Sequence[Message]
        The messages that tell of it.
    prospect : Prospect | None
        What can be done about it; None for what is no execution.
    """

    letter: Letter
    messages: Sequence[Message]
    prospect: Prospect | None = None

    @property
    def redrivable(self) -> bool:
        """Whether it can be brought back."""
        return isinstance(self.letter, FailedInvocation) if self.prospect is None else self.prospect.redrivable

    @property
    def way(self) -> str:
        """What a redrive would do."""
        if self.prospect is not None:
            return str(self.prospect.way)
        return "invoke again" if isinstance(self.letter, FailedInvocation) else "no"


class EntryJson(TypedDict, total=False):
    """What ``--json`` says of a letter.

    `execution`, `status`, `redrives`, `task`, `attempts`, `trace_id` and `cause` are there for executions only; `task`
    and `attempts` are null if no task failed.
    """

    id: str
    kind: str
    of: str
    execution: str
    status: str
    redrives: int
    task: str | None
    attempts: int | None
    error: str
    cause: str
    trace_id: str | None
    failed: str
    age_seconds: float
    redrivable: bool
    redrive: str
    reason: str
    messages: int


class DetailsJson(EntryJson, total=False):
    """What ``dlq show --json`` says: the same, and the inputs."""

    input: JsonValue
    task_input: JsonValue
    text: str


def entry_json(entry: Entry, now: datetime) -> EntryJson:
    """Return what ``--json`` says of a letter."""
    letter = entry.letter
    value: EntryJson = {"id": letter.id, "kind": _kind(letter), "of": letter.owner, "error": _error(letter)}
    if isinstance(letter, FailedExecution):
        failed = letter.letter
        value |= {
            "execution": failed.execution,
            "status": failed.status,
            "redrives": failed.redrives,
            "task": None if failed.task is None else failed.task.id,
            "attempts": None if failed.task is None else failed.task.attempts,
            "cause": failed.cause,
            "trace_id": failed.trace_id,
        }
    return value | {
        "failed": letter.failed.astimezone(UTC).isoformat(timespec="milliseconds"),
        "age_seconds": round(max(0.0, (now - letter.failed).total_seconds()), 3),
        "redrivable": entry.redrivable,
        "redrive": entry.way,
        "reason": "" if entry.prospect is None else entry.prospect.why,
        "messages": len(entry.messages),
    }


def details_json(entry: Entry, now: datetime) -> DetailsJson:
    """Return what ``dlq show --json`` says of a letter."""
    value = cast("DetailsJson", entry_json(entry, now))
    match entry.letter:
        case FailedExecution(letter=letter):
            value |= {"input": letter.input, "task_input": None if letter.task is None else letter.task.input}
        case FailedInvocation(payload=payload):
            value |= {"input": json.loads(payload)}
        case Unreadable(text=text):
            value |= {"text": text}
    return value


def show_table(entries: Sequence[Entry], where: str, now: datetime) -> None:
    """Print a table of letters on standard output."""
    console = standard_output()
    if not entries:
        console.print(styled(f"no dead letters on {where}"), soft_wrap=True)
        return
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    for column in _COLUMNS:
        table.add_column(
            column,
            justify="right" if column in {"attempts", "age"} else "left",
            no_wrap=column == "id",
            overflow="fold",
        )
    for entry in entries:
        task, attempts = _task(entry.letter)
        row = (entry.letter.id, entry.letter.owner, task, _error(entry.letter), attempts, _age(entry.letter, now))
        style = {Way.OVER: "dim", Way.WAIT: "yellow"}.get(entry.prospect.way, "") if entry.prospect else ""
        table.add_row(*(styled(cell, style) for cell in (*row, entry.way)))
    console.print(table)


def show_details(entry: Entry, region: str | None, now: datetime) -> None:
    """Print all that is known of a letter on standard output.

    Parameters
    ----------
    entry : Entry
        The letter.
    region : str | None
        The AWS region, whose console shows the execution; None for what is not on AWS.
    now : datetime
        The time.
    """
    show_pairs(_details(entry, region, now))


def _details(entry: Entry, region: str | None, now: datetime) -> Iterator[tuple[str, str]]:
    letter = entry.letter
    yield "id", letter.id
    yield "failed", f"{letter.failed.astimezone():%Y-%m-%d %H:%M:%S %Z}, {_age(letter, now)} ago"
    yield "redrive", _outlook(entry)
    if len(entry.messages) > 1:
        yield "messages", f"{len(entry.messages)}, of this one failure"
    match letter:
        case FailedExecution():
            yield from _execution_details(letter, region)
        case FailedInvocation():
            yield "function", letter.owner
            yield "error", letter.error or "not known"
            yield "event", _pretty(json.loads(letter.payload))
        case Unreadable():
            yield "queue", letter.queue
            yield "message", letter.text


def _execution_details(failed: FailedExecution, region: str | None) -> Iterator[tuple[str, str]]:
    letter = failed.letter
    yield "workflow", failed.owner
    yield "execution", letter.execution
    yield "status", letter.status + (f" after {_times(letter.redrives, 'redrive')}" if letter.redrives else "")
    if region is not None:
        console = f"https://{region}.console.aws.amazon.com"
        yield "console", f"{console}/states/home?region={region}#/v2/executions/details/{letter.execution}"
    if letter.trace_id is not None:
        yield "trace", letter.trace_id
        if region is not None:
            yield "", f"{console}/cloudwatch/home?region={region}#xray:traces/{letter.trace_id}"
    if not failed.examined:
        yield "note", "the function that makes dead letters has not seen this: which task failed is not known"
    if letter.task is not None:
        of_nested = "" if letter.task.execution == letter.execution else f", in {letter.task.execution}"
        yield "task", f"{letter.task.id}, {_times(letter.task.attempts, 'attempt')}{of_nested}"
    yield "error", _error(failed)
    cause = letter.cause if letter.task is None else letter.task.cause
    yield "cause", plain_cause(_error(failed), cause) or "not given"
    if letter.task is not None:
        yield "task input", _pretty(letter.task.input)
    yield "input", _pretty(letter.input)
    trace = _stack_trace(cause)
    if trace:
        yield "stack trace", trace


def _outlook(entry: Entry) -> str:
    match entry.prospect:
        case None:
            return entry.way
        case Prospect(way=Way.REDRIVE):
            return "runs on from where it failed"
        case Prospect(way=Way.NEW, why=why, new_name=name, reuses=reuses):
            how = "with the results that are stored" if reuses else "from its beginning, as the name gets too long"
            return f"starts {name} {how}: {why}"
        case prospect:
            return f"{prospect.way}: {prospect.why}"


def _kind(letter: Letter) -> str:
    match letter:
        case FailedExecution():
            return "execution"
        case FailedInvocation():
            return "invocation"
        case _:
            return "unreadable"


def _task(letter: Letter) -> tuple[str, str]:
    if isinstance(letter, FailedExecution) and letter.letter.task is not None:
        return letter.letter.task.id, str(letter.letter.task.attempts)
    return "", ""


def _error(letter: Letter) -> str:
    match letter:
        case FailedExecution(letter=failed):
            return (failed.task.error if failed.task is not None else failed.error) or failed.status
        case FailedInvocation():
            return letter.error
        case _:
            return "no dead letter"


def _age(letter: Letter, now: datetime) -> str:
    age = max(0.0, (now - letter.failed).total_seconds())
    return f"{age // _DAY:.0f}d" if age >= _DAY else seconds(age)


def _times(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"


def _pretty(value: JsonValue) -> str:
    if isinstance(value, dict) and set(value) == {REFERENCE_KEY}:
        reference = value[REFERENCE_KEY]
        if isinstance(reference, dict):
            return f"s3://{reference.get('bucket')}/{reference.get('key')} ({reference.get('size')} bytes)"
    return json.dumps(value, indent=2, ensure_ascii=False)


def _stack_trace(cause: str) -> str:
    try:
        value = json.loads(cause)
    except ValueError:
        return ""
    lines = value.get("stackTrace") if isinstance(value, dict) else None
    return "".join(str(line) for line in lines).rstrip() if isinstance(lines, list) else ""
