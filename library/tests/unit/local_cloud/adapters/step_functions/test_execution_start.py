"""Starts of Standard and Express executions, by state machine, version and alias; their logs; and quotas."""

import json
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from stepweave.local_cloud.adapters.step_functions.attempt_programs import LONGEST_EXPRESS_EXECUTION
from stepweave.local_cloud.adapters.step_functions.execution_start import LARGEST_INPUT, execution_start
from stepweave.local_cloud.adapters.step_functions.quotas import LARGEST_DEFINITION, LARGEST_PAYLOAD, quotas
from stepweave.local_cloud.adapters.step_functions.state_machine_arns import state_machine_arns
from stepweave.local_cloud.clock.controlled_modules import engine_on
from stepweave.local_cloud.clock.virtual_clock import VirtualClock

GROUP = "/aws/vendedlogs/states/machine"


def result(value: Any) -> dict[str, Any]:
    return {"StartAt": "Only", "States": {"Only": {"Type": "Pass", "Result": value, "End": True}}}


def task(**fields: Any) -> dict[str, Any]:
    state = {"Type": "Task", "Resource": "arn:aws:lambda:us-east-1:123456789012:function:f", "End": True}
    return {"StartAt": "Only", "States": {"Only": state | fields}}


@pytest.fixture
def starting(engine: Any) -> Any:
    """The engine with the adapters under test."""
    engine.adapt(execution_start(), state_machine_arns(), quotas())
    return engine


def test_versions_and_aliases_are_started(starting: Any) -> None:
    client = starting.client
    machine = starting.create(result(1))
    first = client.publish_state_machine_version(stateMachineArn=machine)["stateMachineVersionArn"]
    again = client.publish_state_machine_version(stateMachineArn=machine)["stateMachineVersionArn"]
    client.update_state_machine(stateMachineArn=machine, definition=json.dumps(result(2)))
    second = client.publish_state_machine_version(stateMachineArn=machine)["stateMachineVersionArn"]
    client.update_state_machine(stateMachineArn=machine, definition=json.dumps(result(3)))
    assert (first, again, second) == (f"{machine}:1", f"{machine}:1", f"{machine}:2")
    listed = client.list_state_machine_versions(stateMachineArn=machine)["stateMachineVersions"]
    assert [each["stateMachineVersionArn"] for each in listed] == [second, first]

    routes = [{"stateMachineVersionArn": first, "weight": 100}]
    alias = client.create_state_machine_alias(name="live", routingConfiguration=routes)["stateMachineAliasArn"]
    outcomes = {}
    for arn in (machine, first, second, alias):
        description = starting.end(starting.start(arn))
        outcomes[arn] = description["output"]
        assert description["stateMachineArn"] == machine
        assert description.get("stateMachineVersionArn") == {machine: None, alias: first}.get(arn, arn)
        assert description.get("stateMachineAliasArn") == (alias if arn == alias else None)
    assert outcomes == {machine: "3", first: "1", second: "2", alias: "1"}
    assert len(client.list_executions(stateMachineArn=machine)["executions"]) == 4

    with pytest.raises(client.exceptions.ConflictException):
        client.delete_state_machine_version(stateMachineVersionArn=first)
    client.delete_state_machine_version(stateMachineVersionArn=second)
    with pytest.raises(client.exceptions.StateMachineDoesNotExist):
        starting.start(second)


def test_an_alias_draws_by_weight(starting: Any) -> None:
    client = starting.client
    machine = starting.create(result(1))
    versions = []
    for value in (1, 2):
        client.update_state_machine(stateMachineArn=machine, definition=json.dumps(result(value)))
        versions.append(client.publish_state_machine_version(stateMachineArn=machine)["stateMachineVersionArn"])
    weights = dict(zip(versions, (20, 80), strict=True))
    routes = [{"stateMachineVersionArn": arn, "weight": weight} for arn, weight in weights.items()]
    alias = client.create_state_machine_alias(name="live", routingConfiguration=routes)["stateMachineAliasArn"]
    outputs = [starting.end(starting.start(alias))["output"] for _ in range(60)]
    assert 0 < outputs.count("1") < outputs.count("2")


@pytest.mark.parametrize("suffix", [":no", ":7", "x"])
def test_what_does_not_exist_is_not_started(starting: Any, suffix: str) -> None:
    machine = starting.create(result(1))
    with pytest.raises(starting.client.exceptions.StateMachineDoesNotExist):
        starting.start(machine + suffix)


@pytest.fixture
def sync_client(starting: Any) -> Any:
    """A client that does not prepend `sync-` to the host."""
    client = starting.client
    client.meta.config.inject_host_prefix = False
    return client


def test_an_express_execution_is_waited_for(starting: Any, sync_client: Any) -> None:
    machine = starting.create(result({"n": 1}), type="EXPRESS")
    answer = sync_client.start_sync_execution(stateMachineArn=machine, name="one", input='{"a": 1}')
    assert (answer["status"], json.loads(answer["output"]), json.loads(answer["input"])) == (
        "SUCCEEDED",
        {"n": 1},
        {"a": 1},
    )
    assert answer["stateMachineArn"] == machine
    assert answer["executionArn"].startswith(machine.replace(":stateMachine:", ":express:") + ":one:")
    assert answer["billingDetails"] == {"billedMemoryUsedInMB": 64, "billedDurationInMilliseconds": 100}
    assert answer["inputDetails"] == answer["outputDetails"] == {"included": True}
    assert answer["startDate"] <= answer["stopDate"]


def test_an_express_execution_fails_and_times_out(starting: Any, sync_client: Any) -> None:
    fail = {"StartAt": "F", "States": {"F": {"Type": "Fail", "Error": "E", "Cause": "C"}}}
    failed = sync_client.start_sync_execution(stateMachineArn=starting.create(fail, type="EXPRESS"))
    assert (failed["status"], failed["error"], failed["cause"]) == ("FAILED", "E", "C")
    assert "output" not in failed
    held, returned = threading.Event(), threading.Event()

    def hold(_: Any) -> None:
        held.wait(30)
        returned.set()

    starting.functions.by_name = {"f": hold}
    slow = starting.create(task() | {"TimeoutSeconds": 1}, type="EXPRESS")
    assert sync_client.start_sync_execution(stateMachineArn=slow)["status"] == "TIMED_OUT"
    assert not returned.is_set()  # the answer does not wait for the function
    held.set()


@pytest.mark.parametrize(
    ("own_limit", "lasts"), [(None, LONGEST_EXPRESS_EXECUTION), (86_400, LONGEST_EXPRESS_EXECUTION), (60, 60)]
)
def test_an_express_execution_lasts_five_minutes_at_most(
    starting: Any, sync_client: Any, own_limit: int | None, lasts: int
) -> None:
    clock = VirtualClock()
    starting.adapt(engine_on(clock))
    definition: dict[str, Any] = {"StartAt": "W", "States": {"W": {"Type": "Wait", "Seconds": 7200, "End": True}}}
    if own_limit is not None:
        definition["TimeoutSeconds"] = own_limit
    machine = starting.create(definition, type="EXPRESS")
    answers: list[dict[str, Any]] = []

    def call() -> None:
        with clock.running():
            answers.append(sync_client.start_sync_execution(stateMachineArn=machine))

    caller = threading.Thread(target=call)
    caller.start()
    skip_until(clock, lambda: answers)
    caller.join()
    assert answers[0]["status"] == "TIMED_OUT"
    assert lasts - 1 < (answers[0]["stopDate"] - answers[0]["startDate"]).total_seconds() < lasts + 60


def test_a_standard_execution_may_last_longer(starting: Any) -> None:
    clock = VirtualClock()
    starting.adapt(engine_on(clock))
    wait = {"StartAt": "W", "States": {"W": {"Type": "Wait", "Seconds": 7200, "End": True}}}
    execution = starting.start(wait)
    skip_until(clock, lambda: starting.client.describe_execution(executionArn=execution)["status"] != "RUNNING")
    assert starting.end(execution)["status"] == "SUCCEEDED"


def skip_until(clock: VirtualClock, condition: Callable[[], Any]) -> None:
    """Let time skip ahead until something is so."""
    for _ in range(3000):
        if condition():
            return
        clock.await_idle(0.01)
        clock.skip()
        time.sleep(0.001)
    raise AssertionError("it did not come about")


def test_a_standard_execution_is_not_waited_for(starting: Any, sync_client: Any) -> None:
    with pytest.raises(sync_client.exceptions.StateMachineTypeNotSupported):
        sync_client.start_sync_execution(stateMachineArn=starting.create(result(1)))


def test_names_of_express_executions_can_be_used_again(starting: Any) -> None:
    machine = starting.create(result(1), type="EXPRESS")
    assert starting.start(machine, name="one") != starting.start(machine, name="one")


@pytest.mark.parametrize("name", ["a b", "a/b", "a:b", "<a>", "a*", 'a"', "a\u0001"])
def test_names_are_checked(starting: Any, name: str) -> None:
    with pytest.raises(starting.client.exceptions.InvalidName):
        starting.start(starting.create(result(1)), name=name)


def test_a_name_has_at_most_80_characters(starting: Any) -> None:
    machine = starting.create(result(1))
    starting.start(machine, name="n" * 80)
    with pytest.raises(ClientError, match="length less than or equal to 80"):
        starting.start(machine, name="n" * 81)


def test_the_input_is_checked(starting: Any) -> None:
    client, machine = starting.client, starting.create({"StartAt": "S", "States": {"S": {"Type": "Succeed"}}})
    with pytest.raises(client.exceptions.InvalidExecutionInput):
        client.start_execution(stateMachineArn=machine, input="{nothing")
    largest = json.dumps("x" * (LARGEST_INPUT - 2))
    execution = client.start_execution(stateMachineArn=machine, input=largest)["executionArn"]
    assert starting.end(execution)["status"] == "SUCCEEDED"
    with pytest.raises(ClientError, match="ValidationException"):
        client.start_execution(stateMachineArn=machine, input=json.dumps("x" * (LARGEST_INPUT - 1)))


def test_a_result_that_is_too_large_fails_the_task(starting: Any) -> None:
    starting.functions.by_name = {"f": lambda size: "x" * (size - 2)}
    machine = starting.create(task())

    def run(size: int) -> dict[str, Any]:
        execution = starting.client.start_execution(stateMachineArn=machine, input=str(size))["executionArn"]
        description: dict[str, Any] = starting.end(execution)
        return description

    assert run(LARGEST_PAYLOAD)["status"] == "SUCCEEDED"
    failed = run(LARGEST_PAYLOAD + 1)
    assert (failed["status"], failed["error"]) == ("FAILED", "States.DataLimitExceeded")


def test_a_definition_has_at_most_a_mebibyte(starting: Any) -> None:
    with pytest.raises(ClientError, match=f"length less than or equal to {LARGEST_DEFINITION}"):
        starting.create(result("x" * LARGEST_DEFINITION))


@pytest.mark.parametrize("arn", ["nonsense", "arn:aws:states:us-east-1:123456789012:stateMachine:m"])
def test_an_arn_of_something_else_is_refused(starting: Any, arn: str) -> None:
    with pytest.raises(starting.client.exceptions.InvalidArn):
        starting.client.describe_execution(executionArn=arn)


@pytest.mark.parametrize("includes_data", [False, True])
def test_events_are_logged(starting: Any, client: Any, includes_data: bool) -> None:
    logs = client("logs")
    logs.create_log_group(logGroupName=GROUP)
    group = f"arn:aws:logs:us-east-1:123456789012:log-group:{GROUP}:*"
    logging = {
        "level": "ALL",
        "includeExecutionData": includes_data,
        "destinations": [{"cloudWatchLogsLogGroup": {"logGroupArn": group}}],
    }
    machine = starting.create(result({"n": 1}), loggingConfiguration=logging, name="logged")
    execution = starting.start(machine, {"a": 1})
    starting.end(execution)

    def messages() -> list[dict[str, Any]]:
        return [json.loads(event["message"]) for event in logs.filter_log_events(logGroupName=GROUP)["events"]]

    starting.until(lambda: len(messages()) == len(starting.history(execution)))
    first, *_, last = messages()
    assert {key: first[key] for key in first.keys() - {"details", "event_timestamp"}} == {
        "id": "1",
        "type": "ExecutionStarted",
        "previous_event_id": "0",
        "redrive_count": "0",
        "execution_arn": execution,
    }
    assert first["event_timestamp"].isdecimal()
    assert ("input" in first["details"]) is ("output" in last["details"]) is includes_data
    assert first["details"]["roleArn"]
    assert [message["type"] for message in messages()] == starting.kinds(execution)
    stream = logs.describe_log_streams(logGroupName=GROUP)["logStreams"][0]["logStreamName"]
    assert stream.startswith("states/logged/")


def test_only_failures_are_logged_if_only_these_are_asked_for(starting: Any, client: Any) -> None:
    logs = client("logs")
    logs.create_log_group(logGroupName=GROUP)
    group = f"arn:aws:logs:us-east-1:123456789012:log-group:{GROUP}:*"
    logging = {"level": "ERROR", "destinations": [{"cloudWatchLogsLogGroup": {"logGroupArn": group}}]}
    fail = {"StartAt": "F", "States": {"F": {"Type": "Fail", "Error": "E"}}}
    starting.end(starting.start(starting.create(fail, loggingConfiguration=logging)))
    starting.until(lambda: len(logs.filter_log_events(logGroupName=GROUP)["events"]) == 2)
    kinds = [json.loads(event["message"])["type"] for event in logs.filter_log_events(logGroupName=GROUP)["events"]]
    assert kinds == ["FailStateEntered", "ExecutionFailed"]
