"""``stepweave run``: run a workflow and show how it goes."""

from pathlib import Path
from typing import Annotated

import typer

from stepweave.command.options.paths import writable_folder
from stepweave.command.target.deployed_options import AwsOption, EndpointOption, EnvironmentOption, LocalOption
from stepweave.command.workflows.workflow_options import DagOption, ShortenIdsOption, WorkflowArgument


def run(  # noqa: PLR0913, PLR0917 - one parameter per option
    context: typer.Context,
    workflow: WorkflowArgument = None,
    inputs: Annotated[
        str | None,
        typer.Option("--input", help="Inputs: a JSON object, or @FILE that holds one.", metavar="JSON|@FILE"),
    ] = None,
    dag: DagOption = None,
    time_scale: Annotated[
        float | None,
        typer.Option(help="By what the seconds of a DAG file's tasks are multiplied (default: 1).", metavar="X"),
    ] = None,
    shorten_ids: ShortenIdsOption = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON object at the end, and nothing else.")
    ] = False,
    endpoint_url: EndpointOption = None,
    aws: AwsOption = False,
    local: LocalOption = False,
    reports: Annotated[
        Path | None,
        typer.Option(
            help="Where the report files go (default: stepweave-reports/WORKFLOW/NAME).",
            metavar="DIR",
            parser=writable_folder,
        ),
    ] = None,
    environment: EnvironmentOption = None,
    name: Annotated[
        str | None,
        typer.Option(
            help="The execution's name (default: the workflow's, the time, and something random).", metavar="NAME"
        ),
    ] = None,
) -> None:
    """Run a workflow, show how each task goes, and bring its result and reports here.

    It runs in the local cloud that `stepweave local up` started, else in one that lasts as long as the run; on AWS only
    with --aws or STEPWEAVE_TARGET=aws, and then a line says in which account, region and environment. A local cloud
    gets the project as it is now: it is synthesized and deployed first if anything changed.

    With --dag the graph of a file runs instead. A task calls the agent that it names, or the replayer, which takes as
    long as the file says, times --time-scale. Where no single task comes last, the results of all that do are shown by
    their ids: the execution itself returns nothing then.

    Each input of the workflow is an option: --depth 3 for `depth: int`, --isolated for `isolated: bool = False`, and a
    path, a URL or another word where the input's type says what is made of it. `stepweave run WORKFLOW --help` shows
    those of a workflow. What is no plain value is JSON, there or in --input.

    Exit codes: 0 succeeded, 1 failed, 2 refused before it started, 128 and the number of a signal that ended it (130
    for Ctrl-C). Ctrl-C, SIGTERM and SIGHUP stop a local execution and leave one on AWS running.
    """
    from stepweave.command.run.run_workflow import RunRequest, run_workflow
    from stepweave.command.run.words import split_words
    from stepweave.command.target.choice import target_choice
    from stepweave.command.workflows.dag_choice import check_one_given, choose_dag

    name_given, options = split_words(workflow, context.args)
    check_one_given(name_given, dag, time_scale=time_scale is not None, shorten_ids=shorten_ids)
    outcome = run_workflow(
        RunRequest(
            workflow=name_given,
            dag=None if dag is None else choose_dag(dag, time_scale, shorten_ids=shorten_ids),
            inputs=inputs,
            options=options,
            choice=target_choice(endpoint_url, aws=aws, local=local, environment=environment),
            reports=reports,
            name=name,
        )
    )
    outcome.show(as_json=as_json)
    raise typer.Exit(outcome.exit_code)
