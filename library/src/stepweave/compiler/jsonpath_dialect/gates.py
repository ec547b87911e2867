"""The states that wait at gates, and those that open gates for an optional task that failed.

A gate is one item of a table. Waiting and signalling are two conditional writes on it, so no wake-up is lost,
whichever comes first: who waits leaves its task token unless all have arrived, and who arrives last finds that token.
An agent that succeeded signals inside its invocation, at no state (``library/src/stepweave/runtime/gates.py``).
"""

from pydantic import JsonValue

from stepweave.compiler.asl import State, Substitution
from stepweave.compiler.jsonpath_dialect.expressions import Origin, literal
from stepweave.compiler.jsonpath_dialect.retriers import dynamodb_retrier, wait_retrier, wake_retrier
from stepweave.compiler.names import Names
from stepweave.contract.gate import ARRIVED, ITEM_KEY, RESULT, WAITER, GateSignal, arrival

TABLE = Substitution.of("gates_table")
_DYNAMODB = "arn:aws:states:::aws-sdk:dynamodb"
_CONDITION_FAILED = "DynamoDb.ConditionalCheckFailedException"
_SIGNAL = "$['gate:signal']"  # a colon keeps it apart from the ids of tasks


def wait_state(signal: GateSignal, origin: Origin, timeout_seconds: int, following: str) -> State:
    """Write the state that waits at a gate.

    Parameters
    ----------
    signal : GateSignal
        The gate, whose name is also the state's.
    origin : Origin
        Where the state finds the workflow's execution.
    timeout_seconds : int
        How long it waits at the most: as long as the execution may take.
    following : str
        The state behind the gate.
    """
    return {
        "Type": "Task",
        "Comment": f"gate: opens when {signal.need} task{'s have' if signal.need > 1 else ' has'} arrived",
        "Resource": f"{_DYNAMODB}:updateItem.waitForTaskToken",
        "Parameters": {
            "TableName": TABLE,
            "Key": _key(signal.gate, origin),
            "ConditionExpression": f"attribute_not_exists({ARRIVED}) OR {ARRIVED} < :need",
            "UpdateExpression": f"SET {WAITER} = :token",
            "ExpressionAttributeValues": {":need": {"N": str(signal.need)}, ":token": {"S.$": "$$.Task.Token"}},
        },
        "TimeoutSeconds": timeout_seconds,
        "ResultPath": None,
        "Retry": [wait_retrier()],
        # The condition fails if the gate is open already.
        "Catch": [{"ErrorEquals": [_CONDITION_FAILED], "ResultPath": None, "Next": following}],
        "Next": following,
    }


NOT_IN_DOCUMENT = "$['gate:failure']"
"""Where the error of a task is kept until it is published, if no state needs it in the document."""


def publish_states(task: str, path: str, origin: Origin, names: Names, following: str) -> dict[str, State]:
    """Write the states that publish the error of a task, the first of them first.

    The agent may have published its result and died before it returned. Then that is what others have fetched, so it
    takes the place of the error in the document too.

    Parameters
    ----------
    task : str
        The task.
    path : str
        Where its error is in the document.
    origin : Origin
        Where the states find the workflow's execution.
    names : Names
        Names the states.
    following : str
        The state behind them.
    """
    publish = names.after_failure(task, "publish")
    if path == NOT_IN_DOCUMENT:
        return {publish: _publish(task, path, origin, following, following)}
    take, unwrap = names.after_failure(task, "take what it published"), names.after_failure(task, "unwrap it")
    return {
        publish: _publish(task, path, origin, take, following),
        take: {
            "Type": "Task",
            "Comment": f"{task} had published its result before it failed",
            "Resource": f"{_DYNAMODB}:getItem",
            "Parameters": {"TableName": TABLE, "Key": _key(task, origin), "ConsistentRead": True},
            "TimeoutSeconds": 60,
            "ResultSelector": {"result.$": f"States.StringToJson($.Item.{RESULT}.S)"},
            "ResultPath": path,
            "Retry": [dynamodb_retrier()],
            "Next": unwrap,
        },
        unwrap: {"Type": "Pass", "InputPath": f"{path}.result", "ResultPath": path, "Next": following},
    }


def _publish(task: str, path: str, origin: Origin, published: str, following: str) -> State:
    return {
        "Type": "Task",
        "Comment": f"{task} is optional: its error stands for its result",
        "Resource": f"{_DYNAMODB}:putItem",
        "Parameters": {
            "TableName": TABLE,
            "Item": {**_key(task, origin), RESULT: {"S.$": f"States.JsonToString({path})"}},
            "ConditionExpression": f"attribute_not_exists({ITEM_KEY})",
        },
        "TimeoutSeconds": 60,
        "ResultPath": None,
        "Retry": [dynamodb_retrier()],
        "Catch": [{"ErrorEquals": [_CONDITION_FAILED], "ResultPath": None, "Next": published}],
        "Next": following,
    }


def signal_states(task: str, signal: GateSignal, origin: Origin, names: Names, following: str) -> dict[str, State]:
    """Write the states that signal to a gate in place of an agent that failed, the first of them first.

    The agent may have signalled and died before it woke who waits, so that is made up for.
    """
    arrive, look, decide, wake = (
        names.after_failure(task, step)
        for step in (
            f"arrive at {signal.gate}",
            f"look at {signal.gate}",
            f"open {signal.gate}?",
            f"open {signal.gate}",
        )
    )
    return {
        arrive: {
            "Type": "Task",
            "Resource": f"{_DYNAMODB}:updateItem",
            "Parameters": {
                "TableName": TABLE,
                "Key": _key(signal.gate, origin),
                "ConditionExpression": "attribute_not_exists(#me)",
                "UpdateExpression": f"SET #me = :yes ADD {ARRIVED} :one",
                "ExpressionAttributeNames": {"#me": arrival(task)},
                "ExpressionAttributeValues": {":yes": {"S": "failed"}, ":one": {"N": "1"}},
                "ReturnValues": "ALL_NEW",
            },
            "TimeoutSeconds": 60,
            "ResultSelector": {"item.$": "$.Attributes"},
            "ResultPath": _SIGNAL,
            "Retry": [dynamodb_retrier()],
            "Catch": [{"ErrorEquals": [_CONDITION_FAILED], "ResultPath": _SIGNAL, "Next": look}],
            "Next": decide,
        },
        look: {
            "Type": "Task",
            "Resource": f"{_DYNAMODB}:getItem",
            "Parameters": {"TableName": TABLE, "Key": _key(signal.gate, origin), "ConsistentRead": True},
            "TimeoutSeconds": 60,
            "ResultSelector": {"item.$": "$.Item"},
            "ResultPath": _SIGNAL,
            "Retry": [dynamodb_retrier()],
            "Next": decide,
        },
        decide: {
            "Type": "Choice",
            "Choices": [
                {
                    "And": [
                        {"Variable": f"{_SIGNAL}.item.{ARRIVED}.N", "StringEquals": str(signal.need)},
                        {"Variable": f"{_SIGNAL}.item.{WAITER}.S", "IsPresent": True},
                    ],
                    "Next": wake,
                }
            ],
            "Default": following,
        },
        wake: {
            "Type": "Task",
            "Resource": "arn:aws:states:::aws-sdk:sfn:sendTaskSuccess",
            "Parameters": {"TaskToken.$": f"{_SIGNAL}.item.{WAITER}.S", "Output": "{}"},
            "TimeoutSeconds": 60,
            "ResultPath": None,
            "Retry": [wake_retrier()],
            # A token that is no longer waited for was woken already, or its execution has ended.
            "Catch": [{"ErrorEquals": ["States.ALL"], "ResultPath": None, "Next": following}],
            "Next": following,
        },
    }


def _key(name: str, origin: Origin) -> dict[str, JsonValue]:
    return {ITEM_KEY: {"S.$": f"States.Format('{{}}#{{}}', {origin.execution}, {literal(name)})"}}
