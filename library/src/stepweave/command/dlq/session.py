"""Look at dead letters, bring them back and give them up."""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final, TypeAlias

from stepweave.command.dlq.discard import Discarder
from stepweave.command.dlq.filter import LetterFilter
from stepweave.command.dlq.letter import FailedExecution, Letter
from stepweave.command.dlq.mailbox import Mailbox, Message
from stepweave.command.dlq.prospect import examine
from stepweave.command.dlq.queues import find_queues
from stepweave.command.dlq.redrive import Redriver
from stepweave.command.dlq.result import Result, Verdict
from stepweave.command.dlq.view import Entry, details_json, entry_json, kind_of, show_details, show_table
from stepweave.command.errors import EXIT_FAILED, CommandError
from stepweave.command.target.open_target import OpenTarget
from stepweave.command.terminal.console import one_line, say, say_error, standard_output, styled

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions.client import SFNClient

_LOOK_SECONDS: Final = 30
_WORK_SECONDS: Final = 300
_AT_ONCE: Final = 8
_LONG_POLL_SECONDS: Final = 1
_ID: Final = re.compile(r"[0-9a-fA-F]+")

_Deal: TypeAlias = Callable[[Letter, Sequence[Message]], Result]
"""Deals with one letter, of which these messages tell."""


def list_letters(opened: OpenTarget, wanted: LetterFilter, *, as_json: bool) -> None:
    """Print the dead letters that a filter lets through, latest first."""
    now = datetime.now(UTC)
    with _mailbox(opened, wanted.workflow, _LOOK_SECONDS) as (mailbox, hidden):
        found = _entries(mailbox.read(), wanted, now)
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
        entries = _entries(mailbox.read(), LetterFilter(), now)
    (entry,) = _with_prospects(opened, [_chosen(entries, wanted, hidden)])
    if as_json:
        print(json.dumps(details_json(entry, now), indent=2))  # noqa: T201 - the result
        return
    on_aws = opened.endpoint_url is None
    show_details(entry, opened.session.region_name if on_aws else None, now)


def redrive_letters(opened: OpenTarget, wanted: str | LetterFilter, *, as_json: bool) -> int:
    """Bring back one dead letter, or those that a filter lets through, and return the exit code.

    Parameters
    ----------
    opened : OpenTarget
        Where they are.
    wanted : str | LetterFilter
        What the letter's id begins with, or which letters.
    as_json : bool
        Whether to print a JSON array of what came of each.

    Raises
    ------
    CommandError
        If no letter, or more than one, has an id that begins like that.
    """
    return _deal_with(opened, wanted, lambda mailbox: Redriver(opened, mailbox).redrive, "redrive", as_json=as_json)


def discard_letters(opened: OpenTarget, wanted: str | LetterFilter, reason: str, *, as_json: bool) -> int:
    """Give up one dead letter, or those that a filter lets through, and return the exit code.

    Parameters
    ----------
    opened : OpenTarget
        Where they are.
    wanted : str | LetterFilter
        What the letter's id begins with, or which letters.
    reason : str
        Why, for the record that is kept.
    as_json : bool
        Whether to print a JSON array of what came of each.

    Raises
    ------
    CommandError
        If no letter, or more than one, has an id that begins like that; or if there is nowhere to keep a record.
    """
    return _deal_with(
        opened, wanted, lambda mailbox: Discarder.of(opened, mailbox, reason).discard, "discard", as_json=as_json
    )


def _deal_with(
    opened: OpenTarget,
    wanted: str | LetterFilter,
    dealing: Callable[[Mailbox], _Deal],
    what: str,
    *,
    as_json: bool,
) -> int:
    wanted_filter = LetterFilter() if isinstance(wanted, str) else wanted
    with _mailbox(opened, wanted_filter.workflow, _WORK_SECONDS) as (mailbox, hidden):
        deal = dealing(mailbox)
        messages = mailbox.read()
        entries = _entries(messages, wanted_filter, datetime.now(UTC))
        if isinstance(wanted, str):
            entries = [_chosen(entries, wanted, hidden)]
        meant = {message.id for entry in entries for message in entry.messages}
        mailbox.give_back(message for message in messages if message.id not in meant)
        results = list(_each(deal, entries, quiet=as_json))
    if as_json:
        print(json.dumps([_result_json(entry, result) for entry, result in results], indent=2))  # noqa: T201
    elif not results:
        say(f"there is nothing to {what}")
    if not isinstance(wanted, str):
        _say_hidden(hidden)
    return EXIT_FAILED if any(result.verdict is Verdict.REFUSED for _, result in results) else 0


@contextmanager
def _mailbox(opened: OpenTarget, workflow: str | None, lock_seconds: int) -> Iterator[tuple[Mailbox, int]]:
    queues = find_queues(opened, workflow)
    with Mailbox(opened.client("sqs"), queues, lock_seconds, 0 if opened.local else _LONG_POLL_SECONDS) as mailbox:
        yield mailbox, mailbox.locked_by_others()


def _entries(messages: Iterable[Message], wanted: LetterFilter, now: datetime) -> list[Entry]:
    """Group messages by what they tell of, latest first; those that a filter lets through."""
    groups: dict[str, list[Message]] = {}
    for message in messages:
        groups.setdefault(message.letter.id, []).append(message)
    entries = [
        # What the function has examined says more than the event of the same failure.
        Entry(max((one.letter for one in group), key=lambda one: getattr(one, "examined", True)), group)
        for group in groups.values()
    ]
    meant = [entry for entry in entries if wanted.matches(entry.letter, _owner(entry), now)]
    return sorted(meant, key=lambda entry: (entry.letter.failed, entry.letter.id), reverse=True)


def _owner(entry: Entry) -> str:
    queue = entry.messages[0].queue
    return queue.names.owner(queue.owner)


def _with_prospects(opened: OpenTarget, entries: Sequence[Entry]) -> list[Entry]:
    client: SFNClient = opened.client("stepfunctions")

    def examined(entry: Entry) -> Entry:
        if not isinstance(entry.letter, FailedExecution):
            return entry
        return Entry(entry.letter, entry.messages, examine(client, entry.letter))

    with ThreadPoolExecutor(_AT_ONCE) as pool:
        return list(pool.map(examined, entries))


def _chosen(entries: Sequence[Entry], wanted: str, hidden: int) -> Entry:
    if not _ID.fullmatch(wanted):
        # Nothing at all, for one: the variable of a shell that is not set must not mean the only letter there is.
        raise CommandError(f"{wanted!r} is no id of a dead letter", "see what there is: stepweave dlq list")
    found = [entry for entry in entries if entry.letter.id.startswith(wanted.lower())]
    if len(found) == 1:
        return found[0]
    if found:
        ids = ", ".join(sorted(entry.letter.id for entry in found)[:5])
        raise CommandError(f"{len(found)} dead letters have an id that begins with {wanted!r}", f"which one: {ids}")
    hint = _hidden_text(hidden) or "see what there is: stepweave dlq list"
    raise CommandError(f"no dead letter has an id that begins with {wanted!r}", hint)


def _each(deal: _Deal, entries: Sequence[Entry], *, quiet: bool) -> Iterator[tuple[Entry, Result]]:
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        under_way = {pool.submit(deal, entry.letter, entry.messages): entry for entry in entries}
        try:
            for done in as_completed(under_way):
                entry, result = under_way[done], done.result()
                if not quiet:
                    _report(entry, result)
                yield entry, result
        finally:
            pool.shutdown(cancel_futures=True)


def _report(entry: Entry, result: Result) -> None:
    line = f"{entry.letter.id}  {one_line(entry.letter.owner)}: "
    if result.verdict is Verdict.REFUSED:
        say_error(f"{line}stays in the queue: {result.text}")
    else:
        style = "dim" if result.verdict is Verdict.REMOVED else "green"
        text = styled(line).append_text(styled(str(result.verdict), style)).append_text(styled(f": {result.text}"))
        standard_output().print(text, soft_wrap=True)


def _result_json(entry: Entry, result: Result) -> dict[str, str | None]:
    return {
        "id": entry.letter.id,
        "kind": kind_of(entry.letter),
        "of": entry.letter.owner,
        "error": entry.letter.error,
        "result": str(result.verdict),
        "text": result.text,
        "execution": result.execution,
        "record": result.record,
    }


def _say_hidden(hidden: int) -> None:
    if hidden:
        say(_hidden_text(hidden), "dim")


def _hidden_text(hidden: int) -> str:
    if not hidden:
        return ""
    messages = "one message was" if hidden == 1 else f"{hidden} messages were"
    return f"{messages} locked by somebody else, who may be redriving or discarding; look again in a minute"
