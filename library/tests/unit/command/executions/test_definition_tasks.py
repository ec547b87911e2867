from typing import Any

import pytest

from stepweave.command.executions.definition_tasks import DefinedTask, Retrier, defined_tasks, nested_state_machines

FUNCTION = "arn:aws:lambda:us-east-1:123456789012:function:stepweave-linter"


def task(**fields: Any) -> dict[str, Any]:
    return {"Type": "Task", "Resource": FUNCTION, **fields}


def test_tasks_come_in_the_order_in_which_they_can_run() -> None:
    definition = {
        "StartAt": "first",
        "States": {
            "last": task(End=True),
            "fan": {
                "Type": "Parallel",
                "Branches": [
                    {"StartAt": "left", "States": {"left": task(End=True)}},
                    {"StartAt": "right", "States": {"right": task(Next="right end"), "right end": {"Type": "Succeed"}}},
                ],
                "Next": "last",
            },
            "first": task(Catch=[{"ErrorEquals": ["States.ALL"], "Next": "saved"}], Next="fan"),
            "saved": task(Next="last"),
        },
    }
    assert [found.id for found in defined_tasks(definition)] == ["first", "left", "right", "last", "saved"]


def test_only_states_that_call_a_function_are_tasks() -> None:
    definition = {
        "StartAt": "compiled",
        "States": {
            "compiled": task(Resource="${agent_linter}", Next="invoked"),
            "invoked": task(Resource="arn:aws:states:::lambda:invoke", Next="record failure"),
            "record failure": task(Resource="arn:aws:states:::sqs:sendMessage", Next="pause"),
            "pause": {"Type": "Wait", "Seconds": 1, "Next": "done"},
            "done": {"Type": "Succeed"},
        },
    }
    assert [found.id for found in defined_tasks(definition)] == ["compiled", "invoked"]


def test_choices_maps_and_loops_are_followed() -> None:
    definition = {
        "StartAt": "decide",
        "States": {
            "decide": {"Type": "Choice", "Choices": [{"Next": "each"}], "Default": "other"},
            "each": {
                "Type": "Map",
                "ItemProcessor": {"StartAt": "inner", "States": {"inner": task(End=True)}},
                "Next": "decide",
            },
            "other": task(End=True),
        },
    }
    assert {found.id for found in defined_tasks(definition)} == {"inner", "other"}


@pytest.mark.parametrize(
    ("errors", "error", "expected"),
    [
        (("Mine",), "Mine", True),
        (("Mine",), "Other", False),
        (("States.ALL",), "Other", True),
        (("States.ALL",), "States.Timeout", True),
        (("States.ALL",), "States.Runtime", False),
        (("States.ALL",), "States.DataLimitExceeded", False),
        (("States.TaskFailed",), "Other", True),
        (("States.TaskFailed",), "States.Timeout", False),
        (("States.Timeout",), "States.Timeout", True),
    ],
)
def test_a_retrier_matches_as_step_functions_does(errors: tuple[str, ...], error: str, expected: bool) -> None:
    assert Retrier(errors).matches(error) is expected


def test_the_first_retrier_that_matches_is_used() -> None:
    retry = [{"ErrorEquals": ["A"], "MaxAttempts": 1}, {"ErrorEquals": ["States.ALL"]}]
    (found,) = defined_tasks({"StartAt": "t", "States": {"t": task(Retry=retry, End=True)}})
    assert found.retriers == (Retrier(("A",), 1), Retrier(("States.ALL",), 3))
    assert (found.retrier_for("A"), found.retrier_for("B")) == (0, 1)
    assert found.retrier_for("States.Runtime") is None


def test_tasks_of_nested_executions_come_where_they_are_started() -> None:
    nested: dict[str, Any] = {
        arn: {"StartAt": task_id, "States": {task_id: task(End=True)}}
        for arn, task_id in {"arn:1": "b", "arn:2": "c"}.items()
    }
    start = {"Resource": "arn:aws:states:::states:startExecution.sync:2"}
    definition = {
        "StartAt": "a",
        "States": {
            "a": task(Next="part 1"),
            "part 1": task(**start, Parameters={"StateMachineArn": "arn:1"}, Next="both"),
            "both": {
                "Type": "Parallel",
                "Branches": [
                    {
                        "StartAt": "part 2",
                        "States": {"part 2": task(**start, Parameters={"StateMachineArn": "arn:2"}, End=True)},
                    },
                    {
                        "StartAt": "told",
                        "States": {"told": task(**start, Parameters={"StateMachineArn.$": "$.arn"}, End=True)},
                    },
                ],
                "Next": "d",
            },
            "d": task(End=True),
        },
    }
    assert nested_state_machines(definition) == ("arn:1", "arn:2")
    assert [found.id for found in defined_tasks(definition, nested)] == ["a", "b", "c", "d"]
    assert [found.id for found in defined_tasks(definition)] == ["a", "d"]


def test_a_machine_that_starts_itself_is_listed_once() -> None:
    again = task(
        Resource="arn:aws:states:::states:startExecution.sync:2", Parameters={"StateMachineArn": "arn:1"}, End=True
    )
    definition = {"StartAt": "a", "States": {"a": task(Next="again"), "again": again}}
    assert [found.id for found in defined_tasks(definition, {"arn:1": definition})] == ["a", "a"]


def test_a_fallback_knows_what_it_stands_for() -> None:
    definition = {
        "StartAt": "scan",
        "States": {
            "scan": task(
                Parameters={"task": "scan"}, Catch=[{"ErrorEquals": ["States.ALL"], "Next": "quick"}], Next="end"
            ),
            "quick": task(Parameters={"task": "quick", "stands_for": "scan"}, Next="end"),
            "end": {"Type": "Succeed"},
        },
    }
    assert defined_tasks(definition) == (DefinedTask("scan"), DefinedTask("quick", (), "scan"))


def test_errors_after_which_the_workflow_comes_back_are_known() -> None:
    definition = {
        "StartAt": "scan",
        "States": {
            "scan": task(
                Catch=[
                    {"ErrorEquals": ["CircuitOpenError"], "Next": "reads when"},
                    {"ErrorEquals": ["Other"], "Next": "fallback"},
                    {"ErrorEquals": ["States.ALL"], "Next": "end"},
                ],
                Next="end",
            ),
            "reads when": {"Type": "Pass", "Next": "waits"},
            "waits": {"Type": "Wait", "TimestampPath": "$.until", "Next": "scan"},
            "fallback": task(Next="scan"),
            "end": {"Type": "Succeed"},
        },
    }
    found = {one.id: one.comes_back for one in defined_tasks(definition)}
    assert found == {"scan": frozenset({"CircuitOpenError"}), "fallback": frozenset()}
