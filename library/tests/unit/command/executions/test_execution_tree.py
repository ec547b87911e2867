"""Executions with nested ones, against a service that lets a test decide what each history holds so far."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from stepweave.command.executions.definition_tasks import DefinedTask
from stepweave.command.executions.execution_tree import ExecutionTree
from stepweave.command.executions.progress import Progress, TaskStatus

START = datetime(2026, 1, 1, tzinfo=UTC)
LAMBDA = "arn:aws:lambda:us-east-1:123456789012:function:f"


class Histories:
    """The histories of executions as Step Functions tells them, and the definitions of those that are nested."""

    def __init__(self) -> None:
        self.events: dict[str, list[dict[str, Any]]] = {}
        self.tasks: dict[str, list[str]] = {}
        self.reads_with_data = 0

    def add(self, arn: str, kind: str, **details: Any) -> None:
        events = self.events.setdefault(arn, [])
        number = len(events) + 1
        at = START + timedelta(seconds=number)
        events.append({"id": number, "previousEventId": number - 1, "type": kind, "timestamp": at, **details})

    def starts(self, arn: str, nested: str, tasks: list[str]) -> None:
        self.tasks[nested] = tasks
        self.events.setdefault(nested, [])
        details = {
            "resourceType": "states",
            "resource": "startExecution.sync:2",
            "output": json.dumps({"ExecutionArn": nested}),
        }
        self.add(arn, "TaskSubmitted", taskSubmittedEventDetails=details)

    def runs(self, arn: str, task: str, result: Any = None, error: str = "") -> None:
        self.add(arn, "TaskStateEntered", stateEnteredEventDetails={"name": task})
        self.add(arn, "LambdaFunctionScheduled")
        if error:
            self.add(arn, "LambdaFunctionFailed", lambdaFunctionFailedEventDetails={"error": error, "cause": "why"})
            return
        self.add(arn, "LambdaFunctionSucceeded", lambdaFunctionSucceededEventDetails={"output": json.dumps(result)})
        self.add(arn, "TaskStateExited", stateExitedEventDetails={"name": task})

    def get_execution_history(self, *, executionArn: str, **request: Any) -> dict[str, Any]:  # noqa: N803
        assert request["includeExecutionData"] is False
        bare = [
            {
                key: {name: item for name, item in value.items() if name != "output"}
                if isinstance(value, dict)
                else value
                for key, value in event.items()
            }
            for event in self.events[executionArn]
        ]
        return {"events": bare}

    def get_paginator(self, _: str) -> "Histories":
        return self

    def paginate(self, *, executionArn: str, reverseOrder: bool, **_: Any) -> Iterator[dict[str, Any]]:  # noqa: N803
        assert reverseOrder
        for event in reversed(self.events[executionArn]):
            self.reads_with_data += 1
            yield {"events": [event]}

    def describe_state_machine_for_execution(self, *, executionArn: str) -> dict[str, str]:  # noqa: N803
        names = self.tasks[executionArn]
        states = {name: {"Type": "Task", "Resource": LAMBDA, "Next": "end"} for name in names}
        branches = [{"StartAt": name, "States": {name: state}} for name, state in states.items()]
        parallel = {"Type": "Parallel", "Branches": branches, "End": True}
        return {"definition": json.dumps({"StartAt": "all", "States": {"all": parallel}})}


@pytest.fixture
def service() -> Histories:
    return Histories()


def tree_of(service: Histories, *tasks: str) -> ExecutionTree:
    service.events.setdefault("main", [])
    return ExecutionTree(service, "main", Progress.of(DefinedTask(task) for task in tasks))  # type: ignore[arg-type]


def statuses(progress: Progress) -> dict[str, str]:
    return {name: str(task.status) for name, task in progress.tasks.items()}


def test_tasks_of_nested_executions_are_followed_at_every_depth(service: Histories) -> None:
    tree = tree_of(service, "a", "b", "c", "d")
    service.runs("main", "a")
    assert statuses(tree.look()) == {"a": "done", "b": "waiting", "c": "waiting", "d": "waiting"}
    service.starts("main", "one", ["b", "c"])
    service.runs("one", "b")
    assert statuses(tree.look()) == {"a": "done", "b": "done", "c": "waiting", "d": "waiting"}
    service.starts("one", "two", ["d"])
    service.runs("two", "d")
    service.add("two", "ExecutionSucceeded")
    service.runs("one", "c")
    assert statuses(tree.look()) == {"a": "done", "b": "done", "c": "done", "d": "done"}
    assert tree.nested_under_way == ["one"]
    service.add("one", "ExecutionSucceeded")
    service.add("main", "ExecutionSucceeded")
    assert tree.look().ended == "SUCCEEDED"
    assert list(tree.progress.tasks) == ["a", "b", "c", "d"]


def test_what_starts_a_nested_execution_is_read_with_data_once(service: Histories) -> None:
    tree = tree_of(service, "b")
    service.starts("main", "one", ["b"])
    tree.look()
    reads = service.reads_with_data
    tree.look()
    assert service.reads_with_data == reads == 1


def test_the_end_of_the_whole_waits_for_its_parts_but_not_for_ever(service: Histories) -> None:
    tree = tree_of(service, "b")
    service.starts("main", "one", ["b"])
    service.add("one", "TaskStateEntered", stateEnteredEventDetails={"name": "b"})
    service.add("main", "ExecutionFailed", executionFailedEventDetails={"error": "E", "cause": "C"})
    assert tree.look().ended == ""
    assert tree.is_late
    looks = [tree.look() for _ in range(10)]
    assert looks[-1].ended == "FAILED"
    assert looks[-1].tasks["b"].status is TaskStatus.STOPPED
    assert not tree.is_late


def test_a_task_of_a_nested_execution_is_the_culprit(service: Histories) -> None:
    tree = tree_of(service, "a", "b")
    service.runs("main", "a")
    service.starts("main", "one", ["b"])
    service.runs("one", "b", error="ValueError")
    service.add("one", "ExecutionFailed", executionFailedEventDetails={"error": "ValueError", "cause": "why"})
    cause = json.dumps({"ExecutionArn": "one", "Error": "ValueError", "Cause": "why"})
    service.add("main", "ExecutionFailed", executionFailedEventDetails={"error": "States.TaskFailed", "cause": cause})
    seen = tree.look()
    assert (seen.ended, seen.error, seen.cause, seen.culprit) == ("FAILED", "ValueError", "why", "b")


def test_the_latest_of_several_attempts_tells_of_a_task(service: Histories) -> None:
    tree = tree_of(service, "b", "c")
    service.starts("main", "one", ["b", "c"])
    service.runs("one", "b", error="ValueError")
    service.runs("one", "c")
    service.add("one", "ExecutionFailed")
    tree.look()
    service.starts("main", "two", ["b", "c"])
    assert statuses(tree.look()) == {"b": "failed", "c": "done"}
    service.runs("two", "b")
    assert statuses(tree.look()) == {"b": "done", "c": "done"}


def test_results_are_collected_from_wherever_they_were_made(service: Histories) -> None:
    tree = tree_of(service, "a", "b", "c")
    service.runs("main", "a", {"a": 1})
    service.starts("main", "one", ["b", "c"])
    service.runs("one", "b", [2])
    service.runs("one", "c", error="ValueError")
    tree.look()
    assert tree.results(["c", "b", "a", "unknown"]) == {"b": [2], "a": {"a": 1}}


def test_who_stops_looking_sees_all_that_was_under_way_as_stopped(service: Histories) -> None:
    tree = tree_of(service, "b")
    service.starts("main", "one", ["b"])
    service.add("one", "TaskStateEntered", stateEnteredEventDetails={"name": "b"})
    tree.look()
    stopped = tree.abandon()
    assert (stopped.ended, stopped.tasks["b"].status) == ("ABORTED", TaskStatus.STOPPED)
