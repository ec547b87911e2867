"""Histories of executions as Step Functions writes them."""

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

EXECUTION = "arn:aws:states:us-east-1:123456789012:execution:stepweave-review:run-1"


@dataclass
class History:
    """Events of an execution; each names the one before it in its branch."""

    execution: str = EXECUTION
    events: list[dict[str, Any]] = field(default_factory=list)

    def add(self, kind: str, previous: int, **details: Any) -> int:
        event = {"id": len(self.events) + 1, "type": kind, "previousEventId": previous, **details}
        self.events.append({**event, "timestamp": datetime(2026, 1, 1, tzinfo=UTC)})
        return len(self.events)

    def enter(self, task: str, previous: int = 0) -> int:
        return self.add("TaskStateEntered", previous, stateEnteredEventDetails={"name": task, "input": "{}"})

    def schedule(self, task: str, previous: int, **given: Any) -> int:
        event = {"execution": self.execution, "task": task, "input": given, "result_limit_bytes": 1000}
        details = {"resource": "arn:aws:lambda:x", "input": json.dumps(event)}
        scheduled = self.add("LambdaFunctionScheduled", previous, lambdaFunctionScheduledEventDetails=details)
        return self.add("LambdaFunctionStarted", scheduled)

    def fail(self, previous: int, error: str, cause: str = "") -> int:
        details = {"error": error, "cause": cause}
        return self.add("LambdaFunctionFailed", previous, lambdaFunctionFailedEventDetails=details)

    def succeed(self, task: str, previous: int) -> int:
        done = self.add("LambdaFunctionSucceeded", previous, lambdaFunctionSucceededEventDetails={"output": "{}"})
        return self.add("TaskStateExited", done, stateExitedEventDetails={"name": task})

    def end(self, previous: int, error: str, cause: str = "") -> None:
        self.add("ExecutionFailed", previous, executionFailedEventDetails={"error": error, "cause": cause})

    def redrive(self) -> int:
        return self.add("ExecutionRedriven", len(self.events), executionRedrivenEventDetails={"redriveCount": 1})

    def backwards(self) -> list[Any]:
        return list(reversed(self.events))
