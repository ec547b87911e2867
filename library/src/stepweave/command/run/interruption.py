"""What a signal such as that of Ctrl-C does to an execution."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from stepweave.command.executions.execution import ExecutionEnd, await_end, stop_execution
from stepweave.command.executions.execution_tree import ExecutionTree
from stepweave.command.executions.progress import Progress
from stepweave.command.explanation import explain
from stepweave.command.target.open_target import OpenTarget
from stepweave.command.terminal.console import say, say_warning
from stepweave.command.terminal.step import step

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions.client import SFNClient

_STOP_SECONDS = 2.0
"""How long a local engine may take to end what runs; who pressed Ctrl-C should not wait longer."""


def interrupt(opened: OpenTarget, tree: ExecutionTree) -> tuple[ExecutionEnd, Progress]:
    """Stop an execution on this machine; leave one elsewhere running, and say how to follow or stop it.

    A local execution is the user's alone. One on AWS may be somebody else's work by now, and stopping it there takes
    one command.

    Returns
    -------
    tuple[ExecutionEnd, Progress]
        How it ended, or its state at this moment with the status ``RUNNING``; and how far it got.
    """
    client: SFNClient = opened.client("stepfunctions")
    try:
        return _stop(client, tree) if opened.local else (_now(client, tree.execution_arn, "RUNNING"), tree.progress)
    except Exception as error:
        known = explain(error)
        if known is None:
            raise
        say_warning(f"how the execution is cannot be asked: {known.message}")
        return ExecutionEnd("RUNNING", _seconds_so_far(tree.progress)), tree.progress
    finally:
        if not opened.local:
            _say_how_to_follow(opened, tree.execution_arn)


def _stop(client: "SFNClient", tree: ExecutionTree) -> tuple[ExecutionEnd, Progress]:
    execution_arn = tree.execution_arn
    with step("stopping the execution", "stopped the execution"):
        stop_execution(client, execution_arn)
        end = await_end(client, execution_arn, _STOP_SECONDS)
        tree.look()
        for nested in tree.nested_under_way:
            stop_execution(client, nested)
    return end or _now(client, execution_arn, "ABORTED"), tree.abandon()


def _say_how_to_follow(opened: OpenTarget, execution_arn: str) -> None:
    say("the execution goes on without this command:")
    say(f"  follow it: {opened.aws_command} stepfunctions describe-execution --execution-arn {execution_arn}")
    say(f"  stop it:   {opened.aws_command} stepfunctions stop-execution --execution-arn {execution_arn}")


def _now(client: "SFNClient", execution_arn: str, status: str) -> ExecutionEnd:
    started = client.describe_execution(executionArn=execution_arn)["startDate"]
    return ExecutionEnd(status, (datetime.now(UTC) - started).total_seconds())


def _seconds_so_far(progress: Progress) -> float:
    started = [task.started for task in progress.tasks.values() if task.started is not None]
    return (datetime.now(UTC) - min(started)).total_seconds() if started else 0.0
