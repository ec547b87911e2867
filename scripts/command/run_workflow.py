"""Everything that a run does, in order."""

import json
import tempfile
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from scripts.command.console import say, say_warning, standard_error
from scripts.command.definition_tasks import DefinedTask, defined_tasks
from scripts.command.deployment import find_deployment
from scripts.command.errors import EXIT_FAILED, CommandError, explain
from scripts.command.execution import await_end, check_name, follow, new_name, start_execution
from scripts.command.inputs import ExecutionInput, check_input
from scripts.command.interruption import interrupt
from scripts.command.live_view import progress_view
from scripts.command.open_target import OpenTarget, open_target
from scripts.command.outcome import Outcome
from scripts.command.progress import Progress
from scripts.command.reports import download_reports, resolve_references, stored_files
from scripts.command.running_daemon import daemon_endpoint
from scripts.command.step import step
from scripts.command.target import choose_target, deployed_on_aws, user_session
from scripts.command.workflow_choice import find_workflow
from scripts.repository.archive import RepositoryArchive, archive_repository
from scripts.repository.upload import upload
from state_machines.language.workflow import Workflow

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client
    from mypy_boto3_stepfunctions.client import SFNClient


@dataclass(frozen=True)
class RunRequest:
    """What the user asked for.

    Parameters
    ----------
    workflow : str
        Its name.
    repo : str | None
        The path or URL of a repository.
    inputs : str | None
        The other inputs: a JSON object, or ``@FILE``.
    endpoint_url : str | None
        Where to run.
    local : bool
        Whether to run on this machine whatever is on AWS.
    reports : Path | None
        Where report files go.
    name : str | None
        The execution's name.
    """

    workflow: str
    repo: str | None = None
    inputs: str | None = None
    endpoint_url: str | None = None
    local: bool = False
    reports: Path | None = None
    name: str | None = None


@dataclass(frozen=True)
class _CheckedRun:
    """What was asked for, after it was checked."""

    workflow: Workflow
    name: str
    inputs: ExecutionInput
    archive: RepositoryArchive | None
    folder: Path


def run_workflow(request: RunRequest) -> Outcome:
    """Run a workflow to its end.

    Nothing is started before all that was asked for is checked.

    Raises
    ------
    CommandError
        If it is refused, or cannot be started or followed.
    RepositoryError
        If the repository cannot be read.
    """
    with ExitStack() as held:
        checked = _check(request, held)
        target = choose_target(
            request.endpoint_url, local=request.local, daemon=daemon_endpoint, aws=deployed_on_aws, user=user_session
        )
        return _execute(checked, held.enter_context(open_target(target)))


def _check(request: RunRequest, held: ExitStack) -> _CheckedRun:
    workflow = find_workflow(request.workflow)
    name = new_name(workflow.name) if request.name is None else check_name(request.name)
    return _CheckedRun(
        workflow=workflow,
        name=name,
        inputs=check_input(workflow, request.inputs, repository=request.repo is not None),
        archive=None if request.repo is None else _archived(request.repo, held),
        folder=request.reports or Path("stepweave-reports") / name,
    )


def _archived(source: str, held: ExitStack) -> RepositoryArchive:
    scratch = held.enter_context(tempfile.TemporaryDirectory(prefix="stepweave-"))
    with step("archiving the repository", "archived") as archiving:
        archive = archive_repository(source, Path(scratch))
        archiving.done = f"archived {archive.files:,} tracked files of {archive.name}"
    for note in archive.notes:
        say_warning(note)
    return archive


def _execute(run: _CheckedRun, opened: OpenTarget) -> Outcome:
    deployment = find_deployment(opened.client("cloudformation"), run.workflow.name, opened.where, opened.how_to_deploy)
    s3: S3Client = opened.client("s3")
    repo = None if run.archive is None else upload(s3, deployment.payload_bucket, run.archive)
    client: SFNClient = opened.client("stepfunctions")
    # What is deployed there, which need not be what this project would deploy.
    definition = json.loads(client.describe_state_machine(stateMachineArn=deployment.state_machine_arn)["definition"])
    progress = Progress.of(_in_authors_order(defined_tasks(definition), run.workflow))
    execution_arn = start_execution(client, deployment.state_machine_arn, run.name, run.inputs.to_json(repo))
    try:
        say(f"running {run.name} on {opened.where}")
        with progress_view(standard_error(), progress) as view:
            for latest in follow(client, execution_arn, progress, opened.poll_seconds):
                progress = latest
                view.show(progress)
    except KeyboardInterrupt:
        stopped, progress = interrupt(opened, execution_arn, progress)
        return Outcome(run.workflow.name, execution_arn, stopped, progress, interrupted=True)
    end = await_end(client, execution_arn)
    if end is None:
        raise CommandError(f"{execution_arn} has ended, but Step Functions does not say how", exit_code=EXIT_FAILED)
    return _collect(s3, Outcome(run.workflow.name, execution_arn, end, progress), run.folder)


def _in_authors_order(tasks: tuple[DefinedTask, ...], workflow: Workflow) -> list[DefinedTask]:
    """Sort tasks as the author wrote them; those that only the deployed definition has come last."""
    rank = {task.id: index for index, task in enumerate(workflow.trace().tasks)}
    return sorted(tasks, key=lambda task: rank.get(task.id, len(rank)))


def _collect(s3: "S3Client", outcome: Outcome, folder: Path) -> Outcome:
    """Bring what the execution left in S3 here; an execution that succeeded is reported even if that fails."""
    try:
        output = resolve_references(s3, outcome.end.output)
        outcome = replace(outcome, end=replace(outcome.end, output=output))
        return replace(outcome, reports=download_reports(s3, stored_files(output), folder))
    except Exception as error:
        known = explain(error)
        if known is None:
            raise
        say_warning(f"what the execution made could not be fetched: {known.message}")
        return replace(outcome, incomplete=True)
