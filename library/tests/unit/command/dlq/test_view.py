"""What is shown of dead letters."""

from datetime import datetime, timedelta

import pytest

from stepweave.command.dlq.letter import FailedExecution, FailedInvocation, Unreadable
from stepweave.command.dlq.prospect import Prospect, Way
from stepweave.command.dlq.view import Entry, details_json, entry_json, show_details, show_table
from stepweave.contract.dead_letter import FailedTask
from tests.unit.command.dlq.test_letter import EXECUTION, SENT, dead_letter

NOW = SENT + timedelta(days=2, hours=1)
CAUSE = (
    '{"errorMessage": "no such file: \\u001b[31mred", "errorType": "E", "stackTrace": ["  line 1\\n", "  line 2\\n"]}'
)


def entry(**changes: object) -> Entry:
    task = FailedTask(id="lint", execution=EXECUTION, input={"a": 1}, error="ValueError", cause=CAUSE, attempts=2)
    return Entry(FailedExecution(dead_letter(task=task, **changes)), [], Prospect(Way.REDRIVE))


def test_json_says_what_failed_and_what_can_be_done() -> None:
    value = entry_json(entry(trace_id="1-a-b"), NOW)
    assert (value["kind"], value["of"], value["task"], value["attempts"]) == ("execution", "word-count", "lint", 2)
    assert (value["error"], value["trace_id"], value["redrivable"]) == ("ValueError", "1-a-b", True)
    assert value["age_seconds"] == timedelta(days=2, hours=1).total_seconds()
    assert datetime.fromisoformat(value["failed"]) == SENT
    assert details_json(entry(), NOW)["task_input"] == {"a": 1}
    assert details_json(Entry(FailedInvocation("f", '{"b": 2}', "", "", SENT), []), NOW)["input"] == {"b": 2}
    assert details_json(Entry(Unreadable("q", "text", SENT), []), NOW)["text"] == "text"


def test_where_no_task_failed_the_status_stands_for_the_error() -> None:
    value = entry_json(Entry(FailedExecution(dead_letter(task=None, error="", status="TIMED_OUT")), []), NOW)
    assert (value["error"], value["task"], value["attempts"]) == ("TIMED_OUT", None, None)


def test_the_table_has_a_row_for_each_and_nothing_that_a_terminal_would_obey(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    letters = [entry(), Entry(FailedInvocation("f", "{}", "", "bad \x1b[31m", SENT), []), Entry(_unreadable(), [])]
    show_table(letters, "AWS", NOW)
    out = capsys.readouterr().out
    assert "\x1b[31m" not in out
    rows = {line.split()[0]: line for line in out.splitlines() if line.strip()}
    assert "lint" in rows[letters[0].letter.id]
    assert "2d" in rows[letters[0].letter.id]
    assert "invoke again" in rows[letters[1].letter.id]
    assert rows[letters[2].letter.id].rstrip().endswith("no")
    show_table([], "AWS in eu-west-1", NOW)
    assert capsys.readouterr().out == "no dead letters on AWS in eu-west-1\n"


def _unreadable() -> Unreadable:
    return Unreadable("stepweave-x-failures", "text", SENT)


def test_details_make_the_cause_readable_and_link_to_the_console_on_aws_only(
    capsys: pytest.CaptureFixture[str],
) -> None:
    show_details(entry(redrives=1, trace_id="1-a-b"), "eu-west-1", NOW)
    out = capsys.readouterr().out
    console = "https://eu-west-1.console.aws.amazon.com/states/home?region=eu-west-1"
    assert f"console      {console}#/v2/executions/details/{EXECUTION}" in out
    assert "#xray:traces/1-a-b" in out
    assert "cause        no such file: \\x1b[31mred\n" in out
    assert "stack trace    line 1\n" in out
    assert "FAILED after 1 redrive" in out
    assert "lint, 2 attempts" in out
    show_details(entry(), None, NOW)
    assert "console.aws" not in capsys.readouterr().out


@pytest.mark.parametrize(
    ("prospect", "text"),
    [
        (Prospect(Way.REDRIVE), "runs on from where it failed"),
        (Prospect(Way.NEW, "too old", new_name="n"), "starts n with the results that are stored: too old"),
        (Prospect(Way.NEW, "too old", new_name="n", reuses=False), "starts n from its beginning"),
        (Prospect(Way.OVER, "it has succeeded meanwhile"), "nothing to do: it has succeeded meanwhile"),
    ],
)
def test_details_say_what_a_redrive_would_do(prospect: Prospect, text: str, capsys: pytest.CaptureFixture[str]) -> None:
    show_details(Entry(FailedExecution(dead_letter()), [], prospect), None, NOW)
    assert text in capsys.readouterr().out
