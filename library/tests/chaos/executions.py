"""Many executions at once, their dead letters, and the way back."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from typing import Any, Final

from pydantic import JsonValue
from typer.testing import CliRunner, Result

from stepweave.command.main import app
from stepweave.testing.local_backend import LocalBackend

AT_ONCE: Final = 20
PATIENCE_SECONDS: Final = 240.0

_LOOK_SECONDS: Final = 0.1
_UNDER_WAY: Final = ("RUNNING", "PENDING_REDRIVE")


class Executions:
    """The executions of one state machine.

    Parameters
    ----------
    cloud : LocalBackend
        Where they run.
    workflow : str
        The workflow's name.
    """

    def __init__(self, cloud: LocalBackend, workflow: str) -> None:
        self._cloud = cloud
        self._workflow = workflow
        self._machine = cloud.state_machine_arn(workflow)
        self._stepfunctions = cloud.client("stepfunctions")
        self._sqs = cloud.client("sqs")

    def run(self, inputs: Mapping[str, JsonValue]) -> None:
        """Run executions by name, not too many at a time, and wait until all have ended."""
        waiting = list(inputs.items())
        while waiting:
            self._await_at_most(AT_ONCE - 1)
            for name, given in waiting[: AT_ONCE - self.under_way()]:
                self._stepfunctions.start_execution(stateMachineArn=self._machine, name=name, input=json.dumps(given))
                waiting.pop(0)
        self._await_at_most(0)

    def under_way(self) -> int:
        """Return how many have not ended."""
        return sum(len(self._list(statusFilter=status)) for status in _UNDER_WAY)

    def by_status(self) -> dict[str, list[str]]:
        """Return the ARNs by status."""
        found: dict[str, list[str]] = {}
        for execution in self._list():
            found.setdefault(execution["status"], []).append(execution["executionArn"])
        return found

    def describe(self, arn: str) -> dict[str, Any]:
        """Return all about an execution but its history."""
        return dict(self._stepfunctions.describe_execution(executionArn=arn))

    def stepweave(self, *arguments: str) -> Result:
        """Run the command."""
        variables = {"NO_COLOR": "1", "COLUMNS": "300", "AWS_ENDPOINT_URL": self._cloud.endpoint_url}
        return CliRunner(env=variables).invoke(app, [*arguments])

    def redrive_all(self) -> Result:
        """Redrive what is in the queues, and wait until it has ended."""
        redriven = self.stepweave("dlq", "redrive", "--all", "--json")
        self._await_at_most(0)
        return redriven

    def bodies(self, queue_suffix: str) -> list[str]:
        """Return the messages of the queues whose names end like that, and leave them there."""
        found: dict[str, str] = {}
        for url in self.queues(queue_suffix):
            while True:
                received = self._sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, VisibilityTimeout=600).get(
                    "Messages", []
                )
                found |= {one["MessageId"]: one["Body"] for one in received}
                if not received:
                    break
        self._cloud.sleep(601)
        return list(found.values())

    def queues(self, suffix: str = "") -> list[str]:
        """Return the URLs of the queues whose names end like that."""
        return [url for url in self._sqs.list_queues().get("QueueUrls", []) if url.endswith(suffix)]

    def messages(self) -> dict[str, int]:
        """Return how many messages there are, by the names of the queues that are not empty."""
        counted = {url.rpartition("/")[2]: self._messages(url) for url in self.queues()}
        return {name: count for name, count in counted.items() if count}

    def await_(self, is_done: Callable[[], bool], what: str) -> None:
        """Wait until something is so, and look not too often."""
        looked, seen = 0.0, False

        def seldom() -> bool:
            nonlocal looked, seen
            if time.monotonic() - looked >= _LOOK_SECONDS:
                seen, looked = is_done(), time.monotonic()
            return seen

        assert self._cloud.await_(seldom, PATIENCE_SECONDS), f"it did not happen that {what}: {self.by_status()}"

    def _await_at_most(self, count: int) -> None:
        self.await_(lambda: self.under_way() <= count, f"at most {count} run")

    def _list(self, **which: str) -> list[Any]:
        paginator = self._stepfunctions.get_paginator("list_executions")
        pages = paginator.paginate(stateMachineArn=self._machine, maxResults=1000, **which)
        return [execution for page in pages for execution in page["executions"]]

    def _messages(self, url: str) -> int:
        names = [f"ApproximateNumberOfMessages{which}" for which in ("", "NotVisible", "Delayed")]
        attributes = self._sqs.get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"]
        return sum(int(value) for value in attributes.values())
