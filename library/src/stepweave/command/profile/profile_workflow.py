"""Learn from the histories of past executions how long tasks take."""

import json
import statistics
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from stepweave.cdk.project_names import project_names
from stepweave.command.errors import EXIT_FAILED, CommandError
from stepweave.command.executions.definition_tasks import defined_tasks
from stepweave.command.executions.execution_tree import ExecutionTree
from stepweave.command.executions.progress import Progress, TaskStatus
from stepweave.command.target.choice import TargetChoice
from stepweave.command.target.deployment import find_deployment
from stepweave.command.target.open_target import OpenTarget, open_target
from stepweave.command.target.running_daemon import daemon_endpoint
from stepweave.command.target.target import Place, aws_session, choose_target, user_session
from stepweave.command.terminal.console import one_line, say_warning, standard_output, styled
from stepweave.command.terminal.file_writing import replace_file, writing
from stepweave.command.terminal.step import step
from stepweave.command.workflows.workflow_choice import find_workflow
from stepweave.compiler.learned_durations import LearnedDurations, durations_file
from stepweave.language.workflow import Workflow

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions.client import SFNClient


def profile_workflow(name: str, choice: TargetChoice, executions: int, *, as_json: bool = False) -> None:
    """Learn the durations of a workflow's tasks and write them beside it.

    Parameters
    ----------
    name : str
        The workflow's name.
    choice : TargetChoice
        Where to look.
    executions : int
        How many of the latest successful executions to look at.
    as_json : bool
        Whether to print what was learned as one JSON object.

    Raises
    ------
    CommandError
        If there is nowhere to look, or no execution to learn from, or the file cannot be written.
    """
    workflow = find_workflow(name)
    names = project_names(choice.environment)
    target = choose_target(choice, daemon=daemon_endpoint, aws=aws_session, user=user_session)
    if target.place is Place.OWN:
        raise CommandError(
            "there are no past executions to learn from: no local cloud is up",
            "run the workflow in one that stays (stepweave local up), or look at AWS (--aws)",
        )
    with open_target(target, names) as opened:
        learned = _learn(workflow, opened, executions)
    file = durations_file(workflow)
    with writing(file, "make the folder of the workflow writable"):
        replace_file(file, learned.to_json())
    _warn_of_unknown(workflow, learned)
    if as_json:
        print(json.dumps({"workflow": workflow.name, "file": str(file), **learned.model_dump(mode="json")}))  # noqa: T201
    else:
        _report(workflow, learned, file)


def medians(executions: Iterable[Progress]) -> Mapping[str, float]:
    """Return the median of the seconds that each task took, to the millisecond, retries included.

    Parameters
    ----------
    executions : Iterable[Progress]
        How far each execution came. A task that failed in an execution counts in the others only.
    """
    taken: dict[str, list[float]] = {}
    for progress in executions:
        for name, task in progress.tasks.items():
            took = task.seconds(datetime.now(UTC))
            if task.status is TaskStatus.DONE and took is not None:
                taken.setdefault(name, []).append(took)
    return {task: round(statistics.median(seconds), 3) for task, seconds in taken.items()}


def _learn(workflow: Workflow, opened: OpenTarget, executions: int) -> LearnedDurations:
    client: SFNClient = opened.client("stepfunctions")
    deployment = find_deployment(
        opened.client("cloudformation"), workflow.name, opened.where, opened.how_to_deploy, opened.names
    )
    with step("reading histories", "read") as reading:
        arns = list(_latest(client, deployment.state_machine_arn, executions))
        seconds = medians(_progress(client, arn) for arn in arns)
        reading.done = f"read {len(arns)} histories" if len(arns) != 1 else "read one history"
    if not arns:
        raise CommandError(
            f"no execution of {workflow.name} has succeeded on {opened.where}",
            f"run it first: stepweave run {workflow.name}",
            EXIT_FAILED,
        )
    return LearnedDurations(executions=len(arns), seconds=dict(seconds))


def _latest(client: "SFNClient", state_machine_arn: str, executions: int) -> Iterator[str]:
    """Yield the latest successful executions, which Step Functions lists first."""
    pages = client.get_paginator("list_executions").paginate(
        stateMachineArn=state_machine_arn, statusFilter="SUCCEEDED", PaginationConfig={"MaxItems": executions}
    )
    for page in pages:
        for execution in page["executions"]:
            yield execution["executionArn"]


def _progress(client: "SFNClient", arn: str) -> Progress:
    """Return how far an execution and its nested ones came."""
    # What ran then, which need not be what is deployed now.
    definition = client.describe_state_machine_for_execution(executionArn=arn)["definition"]
    tree = ExecutionTree(client, arn, Progress.of(defined_tasks(json.loads(definition))))
    return tree.look()


def _report(workflow: Workflow, learned: LearnedDurations, file: Path) -> None:
    console = standard_output()
    for task, took in sorted(learned.seconds.items(), key=lambda each: -each[1]):
        console.print(styled(f"{took:>10,.3f}s  {one_line(task)}"), soft_wrap=True)
    console.print(styled(f"wrote {file}; see what it changes: stepweave plan {workflow.name}"), soft_wrap=True)


def _warn_of_unknown(workflow: Workflow, learned: LearnedDurations) -> None:
    unknown = [task.id for task in workflow.trace().tasks if task.id not in learned.seconds]
    if unknown:
        say_warning(f"nothing was learned of {', '.join(unknown)}: these executions did not run them")
