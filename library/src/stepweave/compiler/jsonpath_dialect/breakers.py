"""The states around a task whose agent is guarded by a circuit breaker.

An agent records its failures itself, and refuses to work while its breaker is open (``stepweave.runtime.breaker``).
What is left to the state machine: to record a crash, which the agent did not live to record, and to wait until the
breaker lets a task try again.
"""

from collections.abc import Mapping
from typing import Any

from stepweave.compiler.asl import Catcher, State, Substitution
from stepweave.compiler.jsonpath_dialect.expressions import Origin, literal
from stepweave.compiler.jsonpath_dialect.retriers import dynamodb_retrier
from stepweave.compiler.names import Names
from stepweave.contract.breaker import (
    CIRCUIT_OPEN,
    CRASH_ERRORS,
    CRASH_PREFIX,
    ITEM_KEY,
    RETRY_AFTER_WORD,
    Breaker,
)

TABLE = Substitution.of("breakers_table")
_OPEN = "$['breaker:open']"  # a colon keeps it apart from the ids of tasks
_MESSAGE_PART = 3  # of {"errorMessage":"..." cut at its quotes


def crash_state(task: str, breaker: Breaker, origin: Origin, following: str) -> State:
    """Write the state that records the crash of a task's agent. It never fails: the record is not worth a task."""
    name = f"States.Format('{{}}{{}}#{{}}', {literal(CRASH_PREFIX)}, {origin.execution}, {literal(task)})"
    return {
        "Type": "Task",
        "Comment": f"{task} crashed: circuit breaker {breaker.name} has to know",
        "Resource": "arn:aws:states:::aws-sdk:dynamodb:updateItem",
        "Parameters": {
            "TableName": TABLE,
            "Key": {ITEM_KEY: {"S": breaker.name}},
            "UpdateExpression": "SET #me = :entered",
            "ExpressionAttributeNames": {"#me.$": name},
            "ExpressionAttributeValues": {":entered": {"S.$": "$$.State.EnteredTime"}},
        },
        "TimeoutSeconds": 60,
        "ResultPath": None,
        "Retry": [dynamodb_retrier()],
        "Catch": [{"ErrorEquals": ["States.ALL"], "ResultPath": None, "Next": following}],
        "Next": following,
    }


def crash_catcher(result_path: str | None, following: str) -> Catcher:
    """Write what leads to `crash_state`."""
    return {"ErrorEquals": list(CRASH_ERRORS), "ResultPath": result_path, "Next": following}


def waiting_states(task: str, breaker: Breaker, names: Names) -> dict[str, State]:
    """Write the states in which a task waits until its breaker lets it try again, the first of them first.

    The time is in the message of the error, and the message in its cause: ``{"errorMessage":"... retry after <time>"``.
    """
    found, wait = names.breaker_found(task, breaker.name), names.breaker_wait(task, breaker.name)
    message = f"States.ArrayGetItem(States.StringSplit({_OPEN}.Cause, '\"'), {_MESSAGE_PART})"
    return {
        found: {
            "Type": "Pass",
            "Comment": f"circuit breaker {breaker.name} is open",
            "Parameters": {
                "until.$": f"States.ArrayGetItem(States.StringSplit({message}, ' '), {RETRY_AFTER_WORD})",
                "recovery_seconds": int(breaker.config.recovery_timeout.total_seconds()),
            },
            "ResultPath": _OPEN,
            "Next": wait,
        },
        wait: {"Type": "Wait", "TimestampPath": f"{_OPEN}.until", "Next": task},
    }


def open_catcher(following: str) -> Catcher:
    """Write what leads to `waiting_states`."""
    return {"ErrorEquals": [CIRCUIT_OPEN], "ResultPath": _OPEN, "Next": following}


def longest_wait_rounds(found: Mapping[str, Any], timeout_seconds: int) -> int:
    """Return how many times a task may find its breaker open before its execution's time is up.

    Parameters
    ----------
    found : State
        The first of `waiting_states`.
    timeout_seconds : int
        How long the execution may take.

    Notes
    -----
    The first wait may be short. After that the task comes when the breaker lets it probe; if it finds it open again,
    then because a probe has failed since, or because enough are under way: it has to wait for most of another recovery
    time. The agent adds a little to spread those that wait, never takes away.
    """
    recovery = found["Parameters"]["recovery_seconds"]
    assert isinstance(recovery, int)  # noqa: S101 - as written above
    return 2 + 2 * timeout_seconds // recovery


def is_waiting(state: Mapping[str, object]) -> bool:
    """Tell whether a state is the first of `waiting_states`."""
    return state["Type"] == "Pass" and state.get("ResultPath") == _OPEN
