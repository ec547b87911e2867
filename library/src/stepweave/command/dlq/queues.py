"""Find the dead-letter queues of what is deployed, by their names."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from stepweave.cdk.naming import DEAD_LETTERS, Names, QueueKind, queue_name
from stepweave.command.errors import CommandError
from stepweave.command.target.deployment import deployed_queues
from stepweave.command.target.open_target import OpenTarget

if TYPE_CHECKING:
    from mypy_boto3_sqs.client import SQSClient


@dataclass(frozen=True)
class Queue:
    """A dead-letter queue.

    Parameters
    ----------
    url : str
        Where it is.
    name : str
        What it is called.
    kind : QueueKind
        What waits in it.
    names : Names
        The names of the deployment that it is part of.
    """

    url: str
    name: str
    kind: QueueKind
    names: Names = field(default_factory=Names)

    @property
    def owner(self) -> str:
        """The state machine or function whose failures it holds."""
        return self.name.removesuffix(f"-{self.kind}")


def find_queues(opened: OpenTarget, workflow: str | None = None) -> list[Queue]:
    """Find all dead-letter queues, or those that can hold failures of a workflow.

    Parameters
    ----------
    opened : OpenTarget
        Where to look.
    workflow : str | None
        The workflow's name; None for all workflows and functions.

    Raises
    ------
    CommandError
        If there are none.
    """
    names = opened.names
    client: SQSClient = opened.client("sqs")
    ours = deployed_queues(opened.client("cloudformation"), names)
    pages = client.get_paginator("list_queues").paginate(QueueNamePrefix=f"{names.prefix}-")
    named = [_queue(url, names) for page in pages for url in page.get("QueueUrls", [])]
    found = [queue for queue in named if queue is not None and queue.name in ours]
    if not any(queue.kind is QueueKind.FAILURES for queue in found):
        raise CommandError(f"no workflow is deployed on {opened.where}, so nothing can have failed there")
    return found if workflow is None else _of_workflow(found, workflow.replace("_", "-"), opened)


def _of_workflow(queues: Sequence[Queue], workflow: str, opened: OpenTarget) -> list[Queue]:
    names, where = opened.names, opened.where
    machine = names.state_machine(workflow)
    # Events that the function which makes dead letters could not deal with may be of any workflow.
    unexamined = queue_name(names.function(DEAD_LETTERS), QueueKind.INVOCATIONS)
    wanted = {queue_name(machine, kind) for kind in (QueueKind.FAILURES, QueueKind.UNDELIVERED)}
    if not any(queue.name in wanted for queue in queues):
        known = sorted(names.owner(queue.owner) for queue in queues if queue.kind is QueueKind.FAILURES)
        raise CommandError(f"no workflow called {workflow!r} is deployed on {where}", f"deployed: {', '.join(known)}")
    return [queue for queue in queues if queue.name in wanted | {unexamined}]


def _queue(url: str, names: Names) -> Queue | None:
    name = url.rpartition("/")[2]
    kind = next((kind for kind in QueueKind if name.endswith(f"-{kind}")), None)
    return None if kind is None else Queue(url, name, kind, names)
