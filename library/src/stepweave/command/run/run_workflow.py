"""Everything that a run does, in order."""

import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from stepweave.cdk.dag_deployment import DagDeployment
from stepweave.cdk.project_names import project_names
from stepweave.command.errors import EXIT_FAILED, CommandError
from stepweave.command.executions.definition_tasks import DefinedTask
from stepweave.command.executions.definitions import read_definitions
from stepweave.command.executions.execution import await_end, check_name, follow, new_name, start_execution
from stepweave.command.executions.execution_tree import ExecutionTree
from stepweave.command.executions.progress import Progress
from stepweave.command.explanation import explain
from stepweave.command.options.paths import writable_folder
from stepweave.command.run.inputs import GivenInput, given_input, input_text
from stepweave.command.run.interruption import interrupt
from stepweave.command.run.live_view import progress_view
from stepweave.command.run.makespan import Makespan
from stepweave.command.run.outcome import Outcome
from stepweave.command.run.prepared import WordInput
from stepweave.command.run.reports import download_reports, resolve_references, stored_files
from stepweave.command.run.summary import Summary
from stepweave.command.target.choice import TargetChoice
from stepweave.command.target.deployment import find_deployment
from stepweave.command.target.open_target import OpenTarget, open_target
from stepweave.command.target.running_daemon import daemon_endpoint
from stepweave.command.target.target import aws_session, choose_target, user_session
from stepweave.command.terminal.console import say, say_warning, standard_error
from stepweave.command.terminal.file_writing import writing
from stepweave.command.terminal.step import step
from stepweave.command.terminal.stop_signals import held_back, signal_of
from stepweave.command.workflows.dag_choice import report_shortened
from stepweave.command.workflows.workflow_choice import find_workflow
from stepweave.contract.argument import PreparedInput
from stepweave.dag_files.compile import compile_dag_file
from stepweave.graph.critical_path import critical_path_seconds
from stepweave.language.workflow import Workflow

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client
    from mypy_boto3_stepfunctions.client import SFNClient


@dataclass(frozen=True)
class RunRequest:
    """What the user asked for.

    Parameters
    ----------
    workflow : str | None
        Its name; None to run a DAG file.
    dag : DagDeployment | None
        The DAG file.
    inputs : str | None
        Inputs: a JSON object, or ``@FILE``.
    options : tuple of str
        Options that are named after inputs.
    choice : TargetChoice
        Where to run.
    reports : Path | None
        Where report files go.
    name : str | None
        The execution's name.
    environment : str | None
        Which deployment of the project to run.
    """

    workflow: str | None
    dag: DagDeployment | None = None
    inputs: str | None = None
    options: tuple[str, ...] = ()
    choice: TargetChoice = field(default_factory=TargetChoice)
    reports: Path | None = None
    name: str | None = None


@dataclass(frozen=True)
class _CheckedRun:
    """What was asked for, after it was checked.

    Parameters
    ----------
    workflow : str
        The workflow's name.
    tasks : tuple of str
        Its tasks in the author's order.
    name : str
        The execution's name.
    inputs : GivenInput
        What it is given.
    prepared : tuple of (WordInput, PreparedInput)
        What is to be sent for it.
    folder : Path
        Where report files go.
    made_from : str
        For a DAG file, what its state machine must say that it was made from.
    sinks : tuple of str
        For a DAG file, the tasks that no other depends on.
    summary : Summary | None
        What the workflow itself says of its output.
    critical_path : float | None
        For a DAG file, the seconds of its critical path, if every task is replayed.
    """

    workflow: str
    tasks: tuple[str, ...]
    name: str
    inputs: GivenInput
    folder: Path
    prepared: tuple[tuple[WordInput, PreparedInput], ...] = ()
    summary: Summary | None = None
    made_from: str = ""
    sinks: tuple[str, ...] = ()
    critical_path: float | None = None


def run_workflow(request: RunRequest) -> Outcome:
    """Run a workflow to its end.

    Nothing is started before all that was asked for is checked.

    Raises
    ------
    CommandError
        If it is refused, or cannot be started or followed.
    RefusedError
        If an input cannot be prepared or sent.
    """
    with ExitStack() as held:
        checked = _check(request, held)
        names = project_names(request.choice.environment)
        target = choose_target(request.choice, daemon=daemon_endpoint, aws=aws_session, user=user_session)
        return _execute(checked, held.enter_context(open_target(target, names, request.dag)))


def _check(request: RunRequest, held: ExitStack) -> _CheckedRun:
    if request.dag is not None:
        return _check_dag(request, request.dag)
    workflow = find_workflow(request.workflow or "")
    name = new_name(workflow.name) if request.name is None else check_name(request.name)
    inputs = given_input(workflow, request.inputs, request.options)
    summary = Summary(workflow)
    folder = _report_folder(request, workflow.name, name)
    return _CheckedRun(
        workflow=workflow.name,
        tasks=tuple(task.id for task in workflow.trace().tasks),
        name=name,
        inputs=inputs,
        folder=folder,
        prepared=tuple(_prepared(workflow, inputs, held)),
        summary=summary,
    )


def _check_dag(request: RunRequest, deployed: DagDeployment) -> _CheckedRun:
    if request.inputs is not None:
        raise CommandError("--input is given, but a DAG file takes no input", "write it into the tasks' 'input'")
    if request.options:
        raise CommandError(f"no such option: {request.options[0]}")
    file = deployed.read()
    report_shortened(file)
    compiled = compile_dag_file(file, deployed.time_scale)  # what cannot be compiled is refused before all the rest
    replayed = file.replayed_seconds(deployed.time_scale)
    all_known = len(replayed) == len(file.tasks)
    name = new_name(file.name) if request.name is None else check_name(request.name)
    return _CheckedRun(
        workflow=file.name,
        tasks=tuple(task.id for task in file.tasks),
        name=name,
        inputs=GivenInput(),
        folder=_report_folder(request, file.name, name),
        made_from=compiled.definition["Comment"],
        sinks=file.sinks,
        critical_path=critical_path_seconds(file.dependencies, replayed) if all_known else None,
    )


def _report_folder(request: RunRequest, workflow: str, name: str) -> Path:
    """Return where report files go: a name is another execution's, too, if that is of another workflow."""
    if request.reports is not None:
        return request.reports
    folder = Path("stepweave-reports") / workflow / name
    try:
        return writable_folder(str(folder))
    except typer.BadParameter as error:
        raise CommandError(f"report files cannot be written: {error.message}", "add --reports DIR") from error


def _prepared(workflow: Workflow, inputs: GivenInput, held: ExitStack) -> Iterator[tuple[WordInput, PreparedInput]]:
    """Make ready what is given by one word, each in a folder of its own that lasts as long as the run."""
    for taken in workflow.inputs:
        word = WordInput.of(taken, inputs.words[taken.name]) if taken.name in inputs.words else None
        if word is None:
            continue
        with step(word.argument.doing, "prepared") as preparing, writing(Path(tempfile.gettempdir())):
            folder = held.enter_context(tempfile.TemporaryDirectory(prefix="stepweave-", ignore_cleanup_errors=True))
            made = word.prepare(Path(folder))
            preparing.done = made.description
        for note in made.notes:
            say_warning(note)
        yield word, made


def _execute(run: _CheckedRun, opened: OpenTarget) -> Outcome:
    deployment = find_deployment(
        opened.client("cloudformation"),
        run.workflow,
        opened.where,
        opened.how_to_deploy,
        opened.names,
        is_dag=bool(run.made_from),
    )
    s3: S3Client = opened.client("s3")
    client: SFNClient = opened.client("stepfunctions")
    # What is deployed there, which need not be what this project would deploy.
    definitions = read_definitions(client, deployment.state_machine_arn)
    if run.made_from and definitions.main.get("Comment") != run.made_from:
        raise CommandError(
            f"what is deployed as {run.workflow} on {opened.where} was made from another file or time scale: "
            f"{definitions.main.get('Comment')}",
            opened.how_to_deploy,
        )
    progress = Progress.of(_in_authors_order(definitions.tasks(), run.tasks))
    sent = {word.field.name: word.send(made, s3, deployment.payload_bucket) for word, made in run.prepared}
    given = input_text({**run.inputs.values, **sent})
    tree: ExecutionTree | None = None
    try:
        with held_back():  # what has been started can be stopped only by who knows that it was
            execution_arn = start_execution(client, deployment.state_machine_arn, run.name, given)
            tree = ExecutionTree(client, execution_arn, progress)
        say(f"running {run.name} on {opened.where}")
        with progress_view(standard_error(), progress) as view:
            for latest in follow(tree, opened.poll_seconds):
                view.show(latest)
    except KeyboardInterrupt as interruption:
        if tree is None:
            raise
        stopped, progress = interrupt(opened, tree)
        return Outcome(
            run.workflow, tree.execution_arn, stopped, progress, interrupted=True, signal=signal_of(interruption)
        )
    end = await_end(client, execution_arn)
    if end is None:
        raise CommandError(f"{execution_arn} has ended, but Step Functions does not say how", exit_code=EXIT_FAILED)
    makespan = Makespan.of(tree.progress, run.critical_path) if run.made_from else None
    outcome = Outcome(run.workflow, execution_arn, end, tree.progress, makespan=makespan)
    if len(run.sinks) > 1:
        outcome = replace(outcome, results=tree.results(run.sinks))
    return _collect(s3, outcome, run)


def _in_authors_order(tasks: tuple[DefinedTask, ...], order: tuple[str, ...]) -> list[DefinedTask]:
    """Sort tasks as the author wrote them, fallbacks behind what they stand for; unknown ones come last."""
    rank = {task: index for index, task in enumerate(order)}
    return sorted(tasks, key=lambda task: (rank.get(task.stands_for or task.id, len(rank)), bool(task.stands_for)))


def _collect(s3: "S3Client", outcome: Outcome, run: _CheckedRun) -> Outcome:
    """Bring what the execution left in S3 here; an execution that succeeded is reported even if that fails."""
    try:
        output = resolve_references(s3, outcome.end.output)
        outcome = replace(outcome, end=replace(outcome.end, output=output))
        if outcome.results is not None:
            results = {task: resolve_references(s3, result) for task, result in outcome.results.items()}
            outcome = replace(outcome, results=results)
        if run.summary is not None and outcome.end.status == "SUCCEEDED":
            outcome = replace(outcome, summary=run.summary.lines(output))
        return replace(outcome, reports=download_reports(s3, stored_files(output), run.folder))
    except Exception as error:
        known = explain(error)
        if known is None:
            raise
        say_warning(f"what the execution made could not be fetched: {known.message}")
        return replace(outcome, incomplete=True)
