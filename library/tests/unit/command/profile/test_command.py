"""What is learned from histories."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from stepweave.command.executions.definition_tasks import DefinedTask
from stepweave.command.executions.progress import Progress, advance
from stepweave.command.main import app
from stepweave.command.profile import profile_workflow
from stepweave.command.profile.profile_workflow import medians

START = datetime(2026, 1, 1, tzinfo=UTC)


def executed(**seconds: float) -> Progress:
    """How far an execution came: one of tasks in sequence; one of negative length fails."""
    events: list[Any] = []
    now = START

    def add(kind: str, **details: Any) -> None:
        number = len(events) + 1
        events.append({"id": number, "previousEventId": number - 1, "type": kind, "timestamp": now, **details})

    for task, took in seconds.items():
        add("TaskStateEntered", stateEnteredEventDetails={"name": task})
        add("LambdaFunctionScheduled", lambdaFunctionScheduledEventDetails={"resource": "arn"})
        add("LambdaFunctionStarted")
        now += timedelta(seconds=abs(took))
        if took < 0:
            add("LambdaFunctionFailed", lambdaFunctionFailedEventDetails={"error": "Bad", "cause": ""})
        else:
            add("LambdaFunctionSucceeded", lambdaFunctionSucceededEventDetails={"output": "{}"})
        add("TaskStateExited", stateExitedEventDetails={"name": task})
    return advance(Progress.of(DefinedTask(task) for task in [*seconds, "never"]), events)


def test_medians_count_what_succeeded() -> None:
    found = medians([executed(a=1.0, b=-5.0), executed(a=2.0, b=4.0), executed(a=90.0, b=0.0015)])
    assert found == {"a": 2.0, "b": 2.001}


def test_nothing_is_learned_from_no_history() -> None:
    assert medians([]) == {}


def test_there_must_be_somewhere_to_look(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(profile_workflow, "daemon_endpoint", lambda: None)
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    result = CliRunner(env={"NO_COLOR": "1", "COLUMNS": "200"}).invoke(app, ["profile", "word-count"])
    assert result.exit_code == 2
    assert "no past executions" in result.stderr
    assert "stepweave local up" in result.stderr
