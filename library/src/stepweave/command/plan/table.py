"""Shows a plan to a person: one column for each strategy."""

from collections.abc import Callable

from rich.box import SIMPLE_HEAD
from rich.table import Table

from stepweave.command.terminal.console import seconds, standard_output, styled
from stepweave.planning.plan import Plan
from stepweave.planning.prediction import Prediction

_KIB = 1024


def show_plan(name: str, plan: Plan) -> None:
    """Print a plan on standard output.

    Parameters
    ----------
    name : str
        The workflow's name.
    plan : Plan
        What to show.
    """
    console = standard_output()
    console.print(styled(name, "bold").append_text(styled(f"  {_described(plan)}")), soft_wrap=True)
    console.print(_table(plan))


def _described(plan: Plan) -> str:
    shape = "series-parallel" if plan.series_parallel else "not series-parallel"
    edges = "dependency" if plan.edges == 1 else "dependencies"
    tasks = "task" if plan.tasks == 1 else "tasks"
    return (
        f"{plan.tasks:,} {tasks}, {plan.edges:,} {edges}, {shape}; critical path {seconds(plan.critical_path_seconds)}"
    )


def _table(plan: Plan) -> Table:
    rows: list[tuple[str, Callable[[Prediction], str]]] = [
        ("makespan", lambda made: seconds(made.makespan_seconds)),
        ("  x critical path", lambda made: _share(made.makespan_seconds, plan.critical_path_seconds)),
        ("transitions", lambda made: f"{made.transitions:,}"),
        ("  per task", lambda made: f"{made.transitions / plan.tasks:.2f}"),
        ("gates", lambda made: f"{made.gates:,}"),
        ("states", lambda made: f"{made.states:,}"),
        ("history events", lambda made: f"{made.history_events:,}"),
        ("definition", lambda made: f"{made.definition_bytes / _KIB:,.1f} KiB"),
        ("peak payload", lambda made: f"{made.peak_payload_bytes / _KIB:,.1f} KiB"),
        ("executions", lambda made: f"{made.executions:,}"),
    ]
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    table.add_column("")
    for strategy in plan.strategies:
        chosen = strategy == plan.strategy
        table.add_column(f"> {strategy}" if chosen else strategy, justify="right", style="bold" if chosen else "")
    for label, text in rows:
        table.add_row(styled(label, "dim"), *(text(made) for made in plan.strategies.values()))
    return table


def _share(makespan: float, critical_path: float) -> str:
    return f"{makespan / critical_path:.3f}" if critical_path else "-"
