"""``stepweave synth``: a workflow as Amazon States Language."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from stepweave.command.options.paths import writable_folder
from stepweave.command.workflows.workflow_options import DagOption, ShortenIdsOption, WorkflowArgument

if TYPE_CHECKING:
    from stepweave.compiler.compile import CompiledWorkflow


def synth(
    workflow: WorkflowArgument = None,
    dag: DagOption = None,
    time_scale: Annotated[
        float | None, typer.Option(help="By what the seconds of a DAG file's tasks are multiplied (default: 1).")
    ] = None,
    shorten_ids: ShortenIdsOption = False,
    out: Annotated[
        Path | None,
        typer.Option(
            help="Write main.asl.json, and NAME.asl.json for each nested execution, here.",
            metavar="DIR",
            parser=writable_folder,
        ),
    ] = None,
) -> None:
    """Print a workflow, or the graph of a DAG file, as Amazon States Language.

    Nothing is deployed, and neither network nor Node.js is needed. ${agent_reader} stands for the ARN of the reader's
    function: the stacks put it in.
    """
    from stepweave.command.workflows.dag_choice import check_one_given

    check_one_given(workflow, dag, time_scale=time_scale is not None, shorten_ids=shorten_ids)
    compiled = _workflow(workflow) if workflow is not None else _dag(dag or Path(), time_scale, shorten_ids=shorten_ids)
    if out is None:
        _print(compiled)
    else:
        _write(compiled, out)


def _workflow(name: str) -> "CompiledWorkflow":
    from stepweave.command.workflows.workflow_choice import find_workflow
    from stepweave.compiler.compile import compile_workflow

    return compile_workflow(find_workflow(name))


def _dag(path: Path, time_scale: float | None, *, shorten_ids: bool) -> "CompiledWorkflow":
    from stepweave.command.terminal.console import say_warning
    from stepweave.command.workflows.dag_choice import choose_dag, report_shortened
    from stepweave.dag_files.compile import compile_dag_file
    from stepweave.dag_files.errors import DagFileError
    from stepweave.dag_files.read import read_dag_file

    chosen = choose_dag(path, time_scale, shorten_ids=shorten_ids)
    file = read_dag_file(path, shorten_ids=shorten_ids)
    report_shortened(file)
    try:
        file.check_replay(chosen.time_scale)
    except DagFileError as error:
        # The definition can be looked at all the same; `run` and the app refuse it.
        say_warning(str(error))
    return compile_dag_file(file, chosen.time_scale)


def _print(compiled: "CompiledWorkflow") -> None:
    from stepweave.command.terminal.console import say_warning

    sys.stdout.write(compiled.to_json())
    if compiled.nested:
        say_warning(f"it starts {len(compiled.nested)} nested executions; --out DIR writes their definitions too")


def _write(compiled: "CompiledWorkflow", folder: Path) -> None:
    from stepweave.command.workflows.definition_files import write_definitions

    for file in write_definitions(compiled, folder):
        typer.echo(str(file))
