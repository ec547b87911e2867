"""Find the dead-letter queues of what is deployed, by their names."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from stepweave.cdk.naming import DEAD_LETTERS, QueueKind, function_name, queue_name, state_machine_name
from stepweave.command.errors import CommandError

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
    """

    url: str
    name: str
    kind: QueueKind

    @property
    def owner(self) -> str:
        """The state machine or function whose failures it holds."""
        return self.name.removesuffix(f"-{self.kind}")


def find_queues(client: "SQSClient", where: str, workflow: str | None = None) -> list[Queue]:
    """Find all dead-letter queues, or those that can hold failures of a workflow.

    Parameters
    ----------
    client : SQSClient
        Where to look.
    where : str
        What to call the place.
    workflow : str | None
        The workflow's name; None for all workflows and functions.

    Raises
    ------
    CommandError
        If there are none.
    """
    pages = client.get_paginator("list_queues").paginate(QueueNamePrefix=state_machine_name(""))
    found = [queue for page in pages for url in page.get("QueueUrls", []) if (queue := _queue(url)) is not None]
    if not any(queue.kind is QueueKind.FAILURES for queue in found):
        raise CommandError(f"no workflow is deployed on {where}, so nothing can have failed there")
    return found if workflow is None else _of_workflow(found, workflow.replace("_", "-"), where)


def _of_workflow(queues: Sequence[Queue], workflow: str, where: str) -> list[Queue]:
    machine = state_machine_name(workflow)
    # Events that the function which makes dead letters could not deal with may be of any workflow.
    unexamined = queue_name(function_name(DEAD_LETTERS), QueueKind.INVOCATIONS)
    wanted = {queue_name(machine, kind) for kind in (QueueKind.FAILURES, QueueKind.UNDELIVERED)}
    if not any(queue.name in wanted for queue in queues):
        known = sorted(
            queue.owner.removeprefix(state_machine_name("")) for queue in queues if queue.kind is QueueKind.FAILURES
        )
        raise CommandError(f"no workflow called {workflow!r} is deployed on {where}", f"deployed: {', '.join(known)}")
    return [queue for queue in queues if queue.name in wanted | {unexamined}]


def _queue(url: str) -> Queue | None:
    name = url.rpartition("/")[2]
    kind = next((kind for kind in QueueKind if name.endswith(f"-{kind}")), None)
    return None if kind is None else Queue(url, name, kind)
