"""Look at dead letters and bring them back."""

import json
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from stepweave.command.dlq.letter import FailedExecution
from stepweave.command.dlq.mailbox import Mailbox, Message
from stepweave.command.dlq.prospect import examine
from stepweave.command.dlq.queues import find_queues
from stepweave.command.dlq.redrive import Redriver, Result, Verdict
from stepweave.command.dlq.view import Entry, details_json, entry_json, show_details, show_table
from stepweave.command.errors import EXIT_FAILED, CommandError
from stepweave.command.target.open_target import OpenTarget
from stepweave.command.terminal.console import say, say_error, standard_output, styled

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions.client import SFNClient

_LOOK_SECONDS: Final = 30
_WORK_SECONDS: Final = 300
_AT_ONCE: Final = 8
_LONG_POLL_SECONDS: Final = 1


def list_letters(opened: OpenTarget, workflow: str | None, *, as_json: bool) -> None:
    """Print the dead letters of all workflows and functions, or of one workflow, latest first."""
    now = datetime.now(UTC)
    with _mailbox(opened, workflow, _LOOK_SECONDS) as (mailbox, hidden):
        found = _entries(mailbox.read(), workflow)
    entries = _with_prospects(opened, found)
    if as_json:
        print(json.dumps([entry_json(entry, now) for entry in entries], indent=2))  # noqa: T201 - the result
    else:
        show_table(entries, opened.where, now)
    _say_hidden(hidden)


def show_letter(opened: OpenTarget, wanted: str, *, as_json: bool) -> None:
    """Print all that is known of a dead letter.

    Raises
    ------
    CommandError
        If no letter, or more than one, has an id that begins like that.
    """
    now = datetime.now(UTC)
    with _mailbox(opened, None, _LOOK_SECONDS) as (mailbox, hidden):
        entries = _entries(mailbox.read(), None)
    (entry,) = _with_prospects(opened, [_chosen(entries, wanted, hidden)])
    if as_json:
        print(json.dumps(details_json(entry, now), indent=2))  # noqa: T201 - the result
        return
    on_aws = opened.endpoint_url is None
    show_details(entry, opened.session.region_name if on_aws else None, now)


def redrive_letters(opened: OpenTarget, wanted: str | None, *, as_json: bool) -> int:
    """Bring back one dead letter, or all of them, and return the exit code.

    Parameters
    ----------
    opened : OpenTarget
        Where they are.
    wanted : str | None
        What the letter's id begins with; None for all.
    as_json : bool
        Whether to print a JSON array of what came of each.

    Raises
    ------
    CommandError
        If no letter, or more than one, has an id that begins like that.
    """
    with _mailbox(opened, None, _WORK_SECONDS) as (mailbox, hidden):
        entries = _entries(mailbox.read(), None)
        if wanted is not None:
            chosen = _chosen(entries, wanted, hidden)
            mailbox.give_back(message for entry in entries if entry is not chosen for message in entry.messages)
            entries = [chosen]
        results = list(_redrive(Redriver(opened, mailbox), entries, quiet=as_json))
    if as_json:
        print(json.dumps([_result_json(entry, result) for entry, result in results], indent=2))  # noqa: T201
    elif not results:
        say("there is nothing to redrive")
    if wanted is None:
        _say_hidden(hidden)
    return EXIT_FAILED if any(result.verdict is Verdict.REFUSED for _, result in results) else 0


@contextmanager
def _mailbox(opened: OpenTarget, workflow: str | None, lock_seconds: int) -> Iterator[tuple[Mailbox, int]]:
    queues = find_queues(opened, workflow)
    with Mailbox(opened.client("sqs"), queues, lock_seconds, 0 if opened.local else _LONG_POLL_SECONDS) as mailbox:
        yield mailbox, mailbox.locked_by_others()


def _entries(messages: Iterable[Message], workflow: str | None) -> list[Entry]:
    """Group messages by what they tell of, latest first."""
    groups: dict[str, list[Message]] = {}
    for message in messages:
        groups.setdefault(message.letter.id, []).append(message)
    entries = [
        # What the function has examined says more than the event of the same failure.
        Entry(max((one.letter for one in group), key=lambda one: getattr(one, "examined", True)), group)
        for group in groups.values()
    ]
    if workflow is not None:
        name = workflow.replace("_", "-")
        entries = [one for one in entries if not isinstance(one.letter, FailedExecution) or one.letter.owner == name]
    return sorted(entries, key=lambda entry: (entry.letter.failed, entry.letter.id), reverse=True)


def _with_prospects(opened: OpenTarget, entries: Sequence[Entry]) -> list[Entry]:
    client: SFNClient = opened.client("stepfunctions")

    def examined(entry: Entry) -> Entry:
        if not isinstance(entry.letter, FailedExecution):
            return entry
        return Entry(entry.letter, entry.messages, examine(client, entry.letter))

    with ThreadPoolExecutor(_AT_ONCE) as pool:
        return list(pool.map(examined, entries))


def _chosen(entries: Sequence[Entry], wanted: str, hidden: int) -> Entry:
    found = [entry for entry in entries if entry.letter.id.startswith(wanted.lower())]
    if len(found) == 1:
        return found[0]
    if found:
        ids = ", ".join(sorted(entry.letter.id for entry in found)[:5])
        raise CommandError(f"{len(found)} dead letters have an id that begins with {wanted!r}", f"which one: {ids}")
    hint = _hidden_text(hidden) or "see what there is: stepweave dlq list"
    raise CommandError(f"no dead letter has an id that begins with {wanted!r}", hint)


def _redrive(redriver: Redriver, entries: Sequence[Entry], *, quiet: bool) -> Iterator[tuple[Entry, Result]]:
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        under_way = {pool.submit(redriver.redrive, entry.letter, entry.messages): entry for entry in entries}
        try:
            for done in as_completed(under_way):
                entry, result = under_way[done], done.result()
                if not quiet:
                    _report(entry, result)
                yield entry, result
        finally:
            pool.shutdown(cancel_futures=True)


def _report(entry: Entry, result: Result) -> None:
    line = f"{entry.letter.id}  {entry.letter.owner}: "
    if result.verdict is Verdict.REFUSED:
        say_error(f"{line}stays in the queue: {result.text}")
    else:
        style = "green" if result.verdict is Verdict.REDRIVEN else "dim"
        text = styled(line).append_text(styled(str(result.verdict), style)).append_text(styled(f": {result.text}"))
        standard_output().print(text, soft_wrap=True)


def _result_json(entry: Entry, result: Result) -> dict[str, str | None]:
    return {
        "id": entry.letter.id,
        "of": entry.letter.owner,
        "result": str(result.verdict),
        "text": result.text,
        "execution": result.execution,
    }


def _say_hidden(hidden: int) -> None:
    if hidden:
        say(_hidden_text(hidden), "dim")


def _hidden_text(hidden: int) -> str:
    if not hidden:
        return ""
    messages = "one message was" if hidden == 1 else f"{hidden} messages were"
    return f"{messages} locked by somebody else, who may be redriving; look again in a minute"
