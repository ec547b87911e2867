"""How states are tried again: by one rule for what the platform does wrong, by another for what the author wants.

Step Functions counts the attempts of each rule by themselves, and takes the first rule that names the error. So the
platform's comes first, and what it does is no expense of the author.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from stepweave.compiler.asl import Retrier, State
from stepweave.contract.breaker import CIRCUIT_OPEN
from stepweave.contract.retry import PLATFORM_ERRORS, TRANSIENT_ERRORS
from stepweave.graph.dag import Task

_ATTEMPTS: Final = 24
_INTERVAL_SECONDS: Final = 2
_BACKOFF: Final = 2.5
_LONGEST_SECONDS: Final = 300
"""With these a fan-out of 200 tasks that take 30 s each succeeds where 5 may run at once, as a simulation in the tests
shows. The wait grows quickly to its longest, so that few calls are refused in vain."""

AGENT_PREFIX: Final = "${agent_"
"""What the resource of a task's state begins with."""


@dataclass(frozen=True)
class Retries:
    """How often a state may be tried again: by what its author asked for, and on account of the platform."""

    author: int
    platform: int


def task_retriers(task: Task) -> list[Retrier]:
    """Write how the state of a task is tried again."""
    retriers = [_platform_retrier(list(PLATFORM_ERRORS))]
    errors = [error for error in dict.fromkeys(task.retry.errors) if error not in PLATFORM_ERRORS]
    if not task.retry.attempts or not errors:
        return retriers
    if task.agent.breaker and not {"States.ALL", "States.TaskFailed"}.isdisjoint(errors):
        retriers.append(_author_retrier([CIRCUIT_OPEN], 0, task))  # no attempt is spent on a breaker that is open
    return [*retriers, _author_retrier(errors, task.retry.attempts, task)]


def wait_retrier() -> Retrier:
    """Write how the call of DynamoDB is tried again that begins to wait at a gate."""
    return _platform_retrier(_service_errors("DynamoDb", *_DYNAMODB_ERRORS))


def dynamodb_retrier() -> Retrier:
    """Write how a call of DynamoDB is tried again; what it writes must bear to be written twice."""
    return _platform_retrier([*_service_errors("DynamoDb", *_DYNAMODB_ERRORS), "States.Timeout"])


def wake_retrier() -> Retrier:
    """Write how the call of Step Functions is tried again that opens a gate; its throttling has no name of its own."""
    return _platform_retrier([*_service_errors("Sfn", "SfnException"), "States.Timeout"])


def nested_retrier() -> Retrier:
    """Write how the start of a nested execution is tried again."""
    more = ("AWSStepFunctionsException", "ExecutionLimitExceeded", "ExecutionLimitExceededException")
    return _platform_retrier(_service_errors("StepFunctions", *more))


def library_retriers() -> list[Retrier]:
    """Write how a state is tried again that calls a function of the library."""
    return [_platform_retrier(list(errors)) for errors in (PLATFORM_ERRORS, TRANSIENT_ERRORS)]


def retries_of(state: State) -> Retries:
    """Return how often a state may be tried again. What calls no agent is tried again for the platform alone."""
    author, platform = 0, 0
    for retrier in state.get("Retry", ()):
        if state.get("Resource", "").startswith(AGENT_PREFIX) and not set(retrier["ErrorEquals"]) <= set(
            PLATFORM_ERRORS
        ):
            author += retrier["MaxAttempts"]
        else:
            platform += retrier["MaxAttempts"]
    return Retries(author, platform)


_DYNAMODB_ERRORS: Final = ("ProvisionedThroughputExceededException", "RequestLimitExceededException")


def _service_errors(service: str, *more: str) -> list[str]:
    every = ("ThrottlingException", "InternalServerErrorException", "SdkClientException")
    return [f"{service}.{error}" for error in (*every, *more)]


def _platform_retrier(errors: list[str]) -> Retrier:
    return {
        "ErrorEquals": errors,
        "IntervalSeconds": _INTERVAL_SECONDS,
        "MaxAttempts": _ATTEMPTS,
        "BackoffRate": _BACKOFF,
        "MaxDelaySeconds": _LONGEST_SECONDS,
        "JitterStrategy": "FULL",
    }


def _author_retrier(errors: list[str], attempts: int, task: Task) -> Retrier:
    return {
        "ErrorEquals": errors,
        "IntervalSeconds": int(task.retry.interval.total_seconds()),
        "MaxAttempts": attempts,
        "BackoffRate": task.retry.backoff,
        "MaxDelaySeconds": int(task.retry.max_delay.total_seconds()),
        "JitterStrategy": "FULL",
    }
