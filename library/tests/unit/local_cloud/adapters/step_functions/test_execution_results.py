"""What is seen of an execution at the moment at which it ends."""

from types import SimpleNamespace
from typing import Any

import pytest
from moto.stepfunctions.parser.api import ExecutionStatus
from moto.stepfunctions.parser.asl.eval.program_state import (
    ProgramEnded,
    ProgramError,
    ProgramStopped,
    ProgramTimedOut,
)
from moto.stepfunctions.parser.backend.execution import BaseExecutionWorkerCommunication

from stepweave.local_cloud.adapters.step_functions.execution_results import execution_results


class Watched(SimpleNamespace):
    """An execution that notes all there is to see of it at each change."""

    def __setattr__(self, name: str, value: Any) -> None:
        super().__setattr__(name, value)
        self.__dict__.setdefault("seen", []).append({key: each for key, each in vars(self).items() if key != "seen"})


def ended(state: Any) -> list[dict[str, Any]]:
    environment = SimpleNamespace(program_state=lambda: state, states=SimpleNamespace(get_input=lambda: {"n": 1}))
    execution = Watched(exec_worker=SimpleNamespace(env=environment))
    BaseExecutionWorkerCommunication(execution).terminated()
    seen: list[dict[str, Any]] = execution.seen
    return seen


@pytest.mark.parametrize(
    ("state", "status", "result"),
    [
        (ProgramEnded(), ExecutionStatus.SUCCEEDED, {"output": {"n": 1}}),
        (ProgramError(error={"error": "E", "cause": "c"}), ExecutionStatus.FAILED, {"error": "E", "cause": "c"}),
        (ProgramStopped(stop_date=None, error="E", cause="c"), ExecutionStatus.ABORTED, {}),
        (ProgramTimedOut(), ExecutionStatus.TIMED_OUT, {}),
    ],
    ids=["succeeded", "failed", "aborted", "timed out"],
)
def test_who_sees_the_status_sees_the_result(state: Any, status: ExecutionStatus, result: dict[str, Any]) -> None:
    with execution_results():
        seen = ended(state)
    with_status = [each for each in seen if "exec_status" in each]
    assert with_status
    for each in with_status:
        assert each["exec_status"] is status
        assert "stop_date" in each
        assert result.items() <= each.items()


def test_upstream_shows_the_status_first() -> None:
    assert any("exec_status" in each and "output" not in each for each in ended(ProgramEnded()))
