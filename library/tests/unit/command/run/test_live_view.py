import io
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from rich.console import Console

from stepweave.command.executions.definition_tasks import DefinedTask
from stepweave.command.executions.progress import Progress, TaskProgress, TaskStatus
from stepweave.command.run.live_view import LineView, TableView, progress_view

THEN = datetime(2026, 1, 1, tzinfo=UTC)
LATER = THEN + timedelta(seconds=1.2)
TASKS = {
    "waits": TaskProgress(),
    "runs": TaskProgress(TaskStatus.RUNNING, 1, THEN),
    "again": TaskProgress(TaskStatus.RUNNING, 2, THEN),
    "backs_off": TaskProgress(TaskStatus.RETRYING, 2, THEN, error="Throttled"),
    "done": TaskProgress(TaskStatus.DONE, 1, THEN, LATER),
    "failed": TaskProgress(TaskStatus.FAILED, 1, THEN, LATER, "ValueError", "why", caught=True),
    "stopped": TaskProgress(TaskStatus.STOPPED, 1, THEN, LATER),
}


def progress(tasks: dict[str, TaskProgress]) -> Progress:
    return replace(Progress.of(DefinedTask(name) for name in tasks), tasks=tasks)


def console(width: int = 80, height: int = 24, encoding: str = "utf-8", terminal: bool = True) -> Console:
    file = io.TextIOWrapper(io.BytesIO(), encoding=encoding, write_through=True)
    return Console(file=file, width=width, height=height, force_terminal=terminal, color_system=None, _environ={})


def drawn(tasks: dict[str, TaskProgress], target: Console) -> list[str]:
    view = TableView(target, progress(tasks))
    with target.capture() as captured:
        target.print(view)
    return captured.get().splitlines()


def test_a_table_shows_every_task_with_status_and_time() -> None:
    lines = {line.split()[1]: line for line in drawn(TASKS, console())}
    assert lines["waits"].split() == ["·", "waits", "waiting"]
    assert "running" in lines["runs"]
    assert "retrying (attempt 2)" in lines["again"]
    assert "retrying (attempt 3 next, after Throttled)" in lines["backs_off"]
    assert lines["done"].split() == ["✓", "done", "done", "1.2s"]
    assert "✗ failed" in lines["failed"]
    assert "failed: ValueError (going on without it)" in lines["failed"]
    assert "■ stopped" in lines["stopped"]


@pytest.mark.parametrize("width", [20, 40, 80, 200])
def test_no_line_is_wider_than_the_terminal(width: int) -> None:
    tasks = {f"{name}_{'x' * 30}": task for name, task in TASKS.items()}
    lines = drawn(tasks, console(width))
    assert len(lines) == len(tasks)
    assert max(len(line) for line in lines) <= width


def test_a_terminal_without_unicode_gets_ascii() -> None:
    assert all(line.isascii() for line in drawn(TASKS, console(encoding="ascii")))


def test_of_many_tasks_those_that_matter_are_shown_and_the_others_counted() -> None:
    tasks = {f"done{number}": TASKS["done"] for number in range(500)}
    tasks["active"] = TASKS["runs"]
    tasks |= {f"waits{number}": TASKS["waits"] for number in range(500)}
    lines = drawn(tasks, console(height=20))
    assert len(lines) <= 20
    assert any("active" in line for line in lines)
    assert lines[-1].split(", ") == ["  500 waiting", "1 running", "500 done"]


def test_lines_are_printed_for_changes_only() -> None:
    target = console(terminal=False)
    view = progress_view(target, progress({"lint": TaskProgress()}))
    assert isinstance(view, LineView)
    steps = [
        TaskProgress(),
        TaskProgress(TaskStatus.RUNNING, 1, THEN),
        TaskProgress(TaskStatus.RUNNING, 1, THEN),
        TaskProgress(TaskStatus.DONE, 1, THEN, LATER),
        TaskProgress(TaskStatus.DONE, 1, THEN, LATER),
    ]
    with target.capture() as captured, view:
        for step in steps:
            view.show(progress({"lint": step}))
    assert captured.get().splitlines() == ["lint running", "lint done 1.2s"]


def test_a_terminal_gets_the_table() -> None:
    target = console()
    view = progress_view(target, progress(TASKS))
    assert isinstance(view, TableView)
    with view:
        view.show(progress({"lint": TASKS["done"]}))
    assert isinstance(target.file, io.TextIOWrapper)
    written = target.file.buffer
    assert isinstance(written, io.BytesIO)
    assert "✓ lint done 1.2s" in written.getvalue().decode()
