"""The live view of an execution: a table that moves on a terminal, lines elsewhere."""

from collections import Counter
from collections.abc import Mapping
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from types import TracebackType
from typing import TYPE_CHECKING, Protocol, Self

from rich.live import Live
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from stepweave.command.executions.progress import Progress, TaskProgress, TaskStatus
from stepweave.command.executions.task_line import status_style, status_text
from stepweave.command.terminal.console import seconds, styled

if TYPE_CHECKING:
    from rich.console import Console, ConsoleOptions, RenderResult

_MARKS = {
    TaskStatus.WAITING: "·",
    TaskStatus.RETRYING: "↻",
    TaskStatus.DONE: "✓",
    TaskStatus.FAILED: "✗",
    TaskStatus.STOPPED: "■",
}
_ASCII_MARKS = {
    TaskStatus.WAITING: ".",
    TaskStatus.RETRYING: "~",
    TaskStatus.DONE: "+",
    TaskStatus.FAILED: "x",
    TaskStatus.STOPPED: "-",
}
_URGENCY = (
    TaskStatus.RETRYING,
    TaskStatus.RUNNING,
    TaskStatus.FAILED,
    TaskStatus.STOPPED,
    TaskStatus.WAITING,
    TaskStatus.DONE,
)
_FRAMES_PER_SECOND = 8
_LINES_LEFT = 4
"""Lines of the terminal that the table leaves to what was printed before."""


class ProgressView(AbstractContextManager["ProgressView"], Protocol):
    """Shows an execution's progress while the context lasts."""

    def show(self, progress: Progress) -> None:
        """Show a new state."""


def progress_view(console: "Console", progress: Progress) -> ProgressView:
    """Return the view that suits where a console writes."""
    return TableView(console, progress) if console.is_terminal and not console.is_dumb_terminal else LineView(console)


class LineView(ProgressView):
    """One line for each change."""

    def __init__(self, console: "Console") -> None:
        self._console = console
        self._shown: Mapping[str, TaskProgress] = {}

    def show(self, progress: Progress) -> None:
        for name, task in progress.shown.items():
            text = status_text(task)
            before = self._shown.get(name, TaskProgress())
            if text != status_text(before):
                self._console.print(styled(f"{name} {text}{_took(task)}"), soft_wrap=True)
        self._shown = progress.shown

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        return None


class TableView(ProgressView):
    """A table of all tasks, drawn again and again in place; what it shows last stays."""

    def __init__(self, console: "Console", progress: Progress) -> None:
        self._progress = progress
        self._live = Live(
            self, console=console, refresh_per_second=_FRAMES_PER_SECOND, transient=False, redirect_stdout=False
        )
        fancy = not console.options.ascii_only
        self._marks = _MARKS if fancy else _ASCII_MARKS
        self._spinner = Spinner("dots" if fancy else "line", style="cyan")

    def show(self, progress: Progress) -> None:
        self._progress = progress

    def __rich_console__(self, console: "Console", options: "ConsoleOptions") -> "RenderResult":
        table = Table.grid(padding=(0, 1))
        table.add_column(width=1)
        table.add_column(no_wrap=True, overflow="ellipsis")
        table.add_column(no_wrap=True, overflow="ellipsis")
        table.add_column(justify="right", no_wrap=True)
        now, tasks = datetime.now(UTC), self._progress.shown
        shown = self._fitting(max(console.height - _LINES_LEFT, 1))
        for name in shown:
            task = tasks[name]
            running = task.status is TaskStatus.RUNNING
            mark = self._spinner if running else Text(self._marks[task.status], style=status_style(task))
            took = task.seconds(now)
            table.add_row(
                mark,
                styled(name, "dim" if task.status is TaskStatus.WAITING else ""),
                styled(status_text(task), status_style(task)),
                styled("" if took is None else seconds(took), "dim"),
            )
        yield table
        if len(shown) < len(tasks):
            counts = Counter(task.status for task in tasks.values())
            yield styled(
                "  " + ", ".join(f"{counts[status]} {status}" for status in TaskStatus if counts[status]), "dim"
            )

    def _fitting(self, rows: int) -> list[str]:
        """The tasks that find room, the most interesting ones if not all do, in the definition's order."""
        names = list(self._progress.shown)
        if len(names) <= rows:
            return names
        urgent = sorted(names, key=lambda name: _URGENCY.index(self._progress.tasks[name].status))
        chosen = set(urgent[: rows - 1])
        return [name for name in names if name in chosen]

    def __enter__(self) -> Self:
        self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._live.stop()


def _took(task: TaskProgress) -> str:
    if task.finished is None or (took := task.seconds(task.finished)) is None:
        return ""
    return f" {seconds(took)}"
