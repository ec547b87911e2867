"""Names that nobody has vouched for, in each view of the command: they neither style, nor fake lines, nor vanish."""

import io
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from rich.console import Console

from stepweave.command.breaker import view as breaker_view
from stepweave.command.breaker.view import BreakerView
from stepweave.command.dlq import view as dlq_view
from stepweave.command.dlq.letter import FailedExecution
from stepweave.command.dlq.view import Entry
from stepweave.command.executions.definition_tasks import DefinedTask
from stepweave.command.executions.execution import ExecutionEnd
from stepweave.command.executions.progress import Progress, TaskProgress, TaskStatus
from stepweave.command.local import function_logs
from stepweave.command.local.log_line import LogLine
from stepweave.command.plan import table as plan_table
from stepweave.command.run import outcome
from stepweave.command.run.live_view import LineView
from stepweave.command.run.outcome import Outcome
from stepweave.command.terminal import console
from stepweave.contract.breaker_item import BreakerItem, State
from stepweave.contract.dead_letter import DeadLetter

NOW = datetime(2026, 1, 1, tzinfo=UTC)
NAMES = [
    "[bold]x[/bold]",
    "[/]",
    "x\nerror: faked",
    "\x1b[31mred\x1b[0m",
    "a\rb",
    ":smile:",
    "\u202eabc",
    "[link=http://x]y",
]


def breakers(name: str) -> None:
    item = BreakerItem(generation=1, state=State.OPEN, forced=True, reason=f"opened by {name}: {name}", by=name)
    view = BreakerView(name, item, None, (name,), NOW)
    breaker_view.show_breakers([view], "here")
    breaker_view.show_one(view)


def dead_letters(name: str) -> None:
    letter = DeadLetter(
        execution=f"arn:aws:states:eu-west-1:1:execution:stepweave-{name}:x",
        state_machine=f"arn:aws:states:eu-west-1:1:stateMachine:stepweave-{name}",
        status="FAILED",
        started=NOW - timedelta(minutes=1),
        stopped=NOW,
        redrives=0,
        input={},
        error=name,
        cause=name,
    )
    entry = Entry(FailedExecution(letter), [])
    dlq_view.show_table([entry], "here", NOW)
    dlq_view.show_details(entry, None, NOW)


def progress_of(name: str) -> Progress:
    return Progress(
        tasks={name: TaskProgress(TaskStatus.FAILED, error=name, cause=name)}, defined={name: DefinedTask(name)}
    )


def lines(name: str) -> None:
    LineView(console.standard_error()).show(progress_of(name))


def outcomes(name: str) -> None:
    Outcome("x", "arn", ExecutionEnd("FAILED", 1.0, error=name, cause=name), progress_of(name)).show(as_json=False)


def logs(name: str) -> None:
    console.standard_output().print(
        function_logs.render(LogLine(0.0, "INFO", name, {name: name}, name)), soft_wrap=True
    )


@pytest.mark.parametrize("show", [breakers, dead_letters, lines, outcomes, logs])
@pytest.mark.parametrize("name", NAMES)
def test_a_name_is_shown_as_it_is(show: Callable[[str], None], name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    written = io.StringIO()

    def terminal() -> Console:
        return Console(file=written, highlight=False, width=400, force_terminal=True, color_system=None)

    for module in (console, breaker_view, dlq_view, outcome, plan_table, function_logs):
        for each in ("standard_output", "standard_error"):
            if hasattr(module, each):
                monkeypatch.setattr(module, each, terminal)
    show(name)
    text = written.getvalue()
    assert console.printable(name.partition("\n")[0]) in text
    assert not {"\x1b[31m", "\r", "\u202e"} & {part for part in ("\x1b[31m", "\r", "\u202e") if part in text}
    assert not any(line.startswith("error: faked") for line in text.splitlines())
