"""``stepweave plan``: what each strategy would make of a workflow."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from stepweave.command.workflows.workflow_options import DagOption, ShortenIdsOption, WorkflowArgument

if TYPE_CHECKING:
    from stepweave.planning.plan import Plan


def plan(
    workflow: WorkflowArgument = None,
    dag: DagOption = None,
    strategy: Annotated[
        Literal["auto", "gates", "levels"],
        typer.Option(help="How tasks are kept in order that sequences and parallels alone cannot order."),
    ] = "auto",
    shorten_ids: ShortenIdsOption = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON object instead of a table, and nothing else.")
    ] = False,
) -> None:
    """Predict how long a workflow takes and what it costs, for each strategy.

    `gates`: no task ever waits without need. `levels`: a barrier after each level of tasks. `auto`: gates, and
    barriers where known durations show that they save transitions and cost no more time than the workflow tolerates.

    The figures come from simulating the state machine that would be deployed. Durations come from a DAG file, from
    `stepweave profile`, from `.expect()` or from the agent's contract; a task of unknown duration counts for a second.
    """
    from stepweave.command.workflows.dag_choice import check_one_given

    check_one_given(workflow, dag, shorten_ids=shorten_ids)
    name, made = _of_workflow(workflow, strategy) if dag is None else _of_dag_file(dag, strategy, shorten_ids)
    _warn_of_unknown(made)
    if as_json:
        typer.echo(json.dumps(made.to_json(), indent=2))
    else:
        from stepweave.command.plan.table import show_plan

        show_plan(name, made)


def _of_workflow(name: str | None, strategy: Literal["auto", "gates", "levels"]) -> tuple[str, "Plan"]:
    from stepweave.command.workflows.workflow_choice import find_workflow
    from stepweave.compiler.learned_durations import with_learned
    from stepweave.compiler.options import CompileOptions
    from stepweave.planning.plan import plan as make_plan

    found = find_workflow(name or "")
    return found.name, make_plan(found.trace(), with_learned(found, CompileOptions(strategy=strategy)))


def _of_dag_file(path: Path, strategy: Literal["auto", "gates", "levels"], shorten_ids: bool) -> tuple[str, "Plan"]:
    from stepweave.command.workflows.dag_choice import report_shortened
    from stepweave.compiler.options import CompileOptions
    from stepweave.dag_files.read import read_dag_file
    from stepweave.planning.plan import plan as make_plan

    file = read_dag_file(path, shorten_ids=shorten_ids)
    report_shortened(file)
    return file.name, make_plan(file.dag(), CompileOptions(strategy=strategy, durations=file.durations))


def _warn_of_unknown(made: "Plan") -> None:
    from stepweave.command.terminal.console import say_warning
    from stepweave.planning.plan import ASSUMED_SECONDS

    if made.unknown:
        few = 3
        named = ", ".join(made.unknown[:few]) + (" ..." if len(made.unknown) > few else "")
        whose = "all tasks" if len(made.unknown) == made.tasks else f"{len(made.unknown)} of {made.tasks} tasks"
        say_warning(
            f"the duration of {whose} is unknown ({named}): each counts for {ASSUMED_SECONDS:g} second, and no "
            "barrier relies on that"
        )
