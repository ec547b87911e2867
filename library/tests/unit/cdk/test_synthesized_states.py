"""What the synthesized state machines retry, and for how long anything in them may take: read from the templates."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from lambdas.reader.contract import reader
from stepweave.compiler.compile import compile_workflow
from stepweave.functions.replayer.contract import ReplayResult, replayer
from stepweave.language.workflow import workflow
from tests.unit.cdk.assembly import Assembly, Synthesize
from tests.unit.cdk.conftest import SOME_TEXTS, guarded

CURED_BY_ANOTHER_ATTEMPT = {
    # The agent says so, or its runtime does.
    "TransientError",
    "PlatformError",
    # Another attempt of it is under way, or was.
    "IdempotencyAlreadyInProgressError",
    "OverlappingAttemptError",
    # The Lambda service failed or throttled.
    "Lambda.ClientExecutionTimeoutException",
    "Lambda.ServiceException",
    "Lambda.AWSLambdaException",
    "Lambda.SdkClientException",
    "Lambda.TooManyRequestsException",
    # DynamoDB or Step Functions failed or throttled.
    *(
        f"{service}.{error}"
        for service in ("DynamoDb", "Sfn", "StepFunctions")
        for error in ("ThrottlingException", "InternalServerErrorException", "SdkClientException")
    ),
    "DynamoDb.ProvisionedThroughputExceededException",
    "DynamoDb.RequestLimitExceededException",
    "StepFunctions.AWSStepFunctionsException",
    "StepFunctions.ExecutionLimitExceeded",
    "StepFunctions.ExecutionLimitExceededException",
    "Sfn.SfnException",
}


@workflow()
def everything() -> ReplayResult:
    """Use all that the language has for failures, in an N so that there are gates."""
    a = replayer("a").optional().fallback(replayer("a2"))
    b = guarded("b").optional()
    c = reader("c", texts=SOME_TEXTS).after(a)
    d = replayer("d", dependencies=[a, b])
    return replayer("last").after(c, d).fallback(guarded("instead"))


@pytest.fixture(scope="module")
def states(assembly: Assembly, synthesize: Synthesize) -> dict[str, dict[str, Any]]:
    """The states of all state machines, by machine and name."""
    assemblies = (assembly, synthesize([compile_workflow(everything)]))
    return {
        f"{machine.id}: {name}": state
        for one in assemblies
        for machine in one.workflows.all("AWS::StepFunctions::StateMachine")
        for name, state in _states(json.loads(machine.text(machine.properties["DefinitionString"])))
    }


def _states(branch: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for name, state in branch["States"].items():
        yield name, state
        for inner in state.get("Branches", ()):
            yield from _states(inner)


def test_there_is_something_of_everything(states: dict[str, dict[str, Any]]) -> None:
    resources = {state.get("Resource", "").rpartition(":")[2] for state in states.values()}
    assert {"updateItem.waitForTaskToken", "updateItem", "putItem", "sendTaskSuccess"} <= resources
    assert any("CircuitOpenError" not in str(state) and "Catch" in state for state in states.values())


def test_only_errors_that_another_attempt_may_cure_are_retried(states: dict[str, dict[str, Any]]) -> None:
    for name, state in states.items():
        for retrier in state.get("Retry", ()):
            timeout = {"States.Timeout"} if _is_quick_call(state) else set()
            assert set(retrier["ErrorEquals"]) <= CURED_BY_ANOTHER_ATTEMPT | timeout, name


def test_every_retrier_has_jitter_and_a_longest_delay(states: dict[str, dict[str, Any]]) -> None:
    for name, state in states.items():
        for retrier in state.get("Retry", ()):
            assert retrier["JitterStrategy"] == "FULL", name
            assert retrier["IntervalSeconds"] <= retrier["MaxDelaySeconds"] <= 300, name
            assert retrier["MaxAttempts"] <= 24, name


def test_every_call_outlasts_throttling_by_a_rule_that_comes_before_the_authors(
    states: dict[str, dict[str, Any]],
) -> None:
    calls = {name: state for name, state in states.items() if state["Type"] == "Task"}
    for name, state in calls.items():
        first = state["Retry"][0]
        assert "TransientError" not in first["ErrorEquals"], name
        assert any("Throttling" in error or "TooManyRequests" in error for error in first["ErrorEquals"]), name
        assert (first["MaxAttempts"], first["MaxDelaySeconds"]) == (24, 300), name


def _is_quick_call(state: dict[str, Any]) -> bool:
    """Tell whether a state does no more than one call of a service, which may be made twice."""
    return state["Resource"].startswith("arn:aws:states:::aws-sdk:") and "waitForTaskToken" not in state["Resource"]


def test_every_call_is_retried_and_has_a_timeout(states: dict[str, dict[str, Any]]) -> None:
    for name, state in states.items():
        if state["Type"] == "Task":
            assert 0 < state["TimeoutSeconds"] <= 24 * 60 * 60, name
            assert state["Retry"], name


def test_every_state_machine_has_a_timeout(assembly: Assembly) -> None:
    for machine in assembly.workflows.all("AWS::StepFunctions::StateMachine"):
        assert json.loads(machine.text(machine.properties["DefinitionString"]))["TimeoutSeconds"] > 0
