"""What the synthesized state machines retry, and for how long anything in them may take: read from the templates."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from lambdas.linter.contract import linter
from stepweave.compiler.compile import compile_workflow
from stepweave.functions.replayer.contract import ReplayResult, replayer
from stepweave.language.workflow import workflow
from tests.unit.cdk.assembly import Assembly, Synthesize
from tests.unit.cdk.conftest import A_REPOSITORY, guarded

CURED_BY_ANOTHER_ATTEMPT = {
    # The agent says so, or an attempt of it is still under way.
    "TransientError",
    "IdempotencyAlreadyInProgressError",
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
}


@workflow()
def everything() -> ReplayResult:
    """Use all that the language has for failures, in an N so that there are gates."""
    a = replayer("a").optional().fallback(replayer("a2"))
    b = guarded("b").optional()
    c = linter("c", repo=A_REPOSITORY).after(a)
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
            assert set(retrier["ErrorEquals"]) <= CURED_BY_ANOTHER_ATTEMPT, name


def test_every_retrier_has_jitter_and_a_longest_delay(states: dict[str, dict[str, Any]]) -> None:
    for name, state in states.items():
        for retrier in state.get("Retry", ()):
            assert retrier["JitterStrategy"] == "FULL", name
            assert retrier["IntervalSeconds"] <= retrier["MaxDelaySeconds"] <= 60, name
            assert retrier["MaxAttempts"] <= 10, name


def test_every_call_is_retried_and_has_a_timeout(states: dict[str, dict[str, Any]]) -> None:
    for name, state in states.items():
        if state["Type"] == "Task":
            assert 0 < state["TimeoutSeconds"] <= 24 * 60 * 60, name
            assert state["Retry"], name


def test_every_state_machine_has_a_timeout(assembly: Assembly) -> None:
    for machine in assembly.workflows.all("AWS::StepFunctions::StateMachine"):
        assert json.loads(machine.text(machine.properties["DefinitionString"]))["TimeoutSeconds"] > 0
