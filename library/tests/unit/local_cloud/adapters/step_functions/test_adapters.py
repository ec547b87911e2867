"""Each adapter of Step Functions, with the defect that it mends."""

import datetime
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from botocore.exceptions import ClientError
from hypothesis import given
from hypothesis import strategies as st
from moto.stepfunctions.parser.asl.component.common.query_language import QueryLanguage, QueryLanguageMode
from moto.stepfunctions.parser.asl.parse.asl_parser import AmazonStateLanguageParser
from moto.stepfunctions.parser.asl.parse.preprocessor import Preprocessor
from moto.stepfunctions.parser.utils import TMP_THREADS

from stepweave.local_cloud.adapters.step_functions.context_times import aws_time, textual_context_times
from stepweave.local_cloud.adapters.step_functions.engine_clients import in_process_clients
from stepweave.local_cloud.adapters.step_functions.executing_engine import executing_engine
from stepweave.local_cloud.adapters.step_functions.execution_api import complete_execution_api
from stepweave.local_cloud.adapters.step_functions.execution_events import execution_status_events
from stepweave.local_cloud.adapters.step_functions.fewer_threads import copy_json, fewer_threads
from stepweave.local_cloud.adapters.step_functions.lambda_tasks import in_process_functions, lambda_error_names
from stepweave.local_cloud.adapters.step_functions.parsed_once import parsed_once
from stepweave.local_cloud.adapters.step_functions.query_language import query_language_per_definition
from stepweave.local_cloud.adapters.step_functions.sdk_services import service_model
from stepweave.local_cloud.adapters.step_functions.service_errors import service_errors
from stepweave.local_cloud.adapters.step_functions.service_tasks import from_response, service_task_names, to_request
from stepweave.local_cloud.adapters.step_functions.sync_polling import quick_sync_polling
from stepweave.local_cloud.lambda_runtime.caller import Caller
from stepweave.local_cloud.lambda_runtime.invocation import InvocationRefused, InvocationResult
from stepweave.local_cloud.lambda_runtime.moto_backend import client_error
from stepweave.local_cloud.server import WsgiApplication

Client = Callable[[str], Any]
RunMachine = Callable[..., dict[str, Any]]

FUNCTION = "arn:aws:lambda:us-east-1:123456789012:function:greet"
PASS = {"StartAt": "Only", "States": {"Only": {"Type": "Pass", "Result": {"n": 1}, "End": True}}}
TASK = {"StartAt": "Only", "States": {"Only": {"Type": "Task", "Resource": FUNCTION, "End": True}}}
FAIL = {"StartAt": "Only", "States": {"Only": {"Type": "Fail", "Error": "Broken", "Cause": "on purpose"}}}
WAIT = {"StartAt": "Only", "States": {"Only": {"Type": "Wait", "Seconds": 30, "End": True}}}


@pytest.fixture
def engine() -> Iterator[ExitStack]:
    """The engine switched on; adapters can be added to it."""
    with ExitStack() as adapters:
        adapters.enter_context(executing_engine())
        yield adapters


class FakeFunctions:
    """Answers calls of functions and remembers them."""

    def __init__(self, payload: object = None, function_error: str | None = None) -> None:
        self.calls: list[tuple[str, Any]] = []
        self.payload = payload
        self.function_error = function_error
        self.refusal: InvocationRefused | None = None
        self.lets_callers_leave = False

    def invoke_function(
        self,
        function: str,
        payload: bytes,
        *,
        qualifier: str | None = None,
        client_context: str | None = None,
        trace_header: str | None = None,
        caller: Caller | None = None,
    ) -> InvocationResult:
        self.calls.append((function, json.loads(payload)))
        if self.refusal is not None:
            raise self.refusal
        return InvocationResult("id", json.dumps(self.payload).encode(), self.function_error, "$LATEST", 1.0)


def task(resource: str, parameters: dict[str, Any]) -> dict[str, Any]:
    state = {"Type": "Task", "Resource": resource, "Parameters": parameters, "End": True}
    return {"StartAt": "Only", "States": {"Only": state}}


def test_executing_engine_runs_definitions(client: Client) -> None:
    stepfunctions = client("stepfunctions")

    def first_state() -> Any:
        machine = stepfunctions.create_state_machine(
            name="m", roleArn="arn:aws:iam::123456789012:role/r", definition=json.dumps(PASS)
        )["stateMachineArn"]
        execution = stepfunctions.start_execution(stateMachineArn=machine, name="e", input="{}")["executionArn"]
        for _ in range(1000):
            events = stepfunctions.get_execution_history(executionArn=execution)["events"]
            if len(events) > 1:
                return events[1]["stateEnteredEventDetails"]["name"]
        return None

    assert first_state() == "A State"
    with executing_engine():
        assert first_state() == "Only"


def test_query_language_is_known_per_definition() -> None:
    definition = json.dumps({"QueryLanguage": "JSONPath", **PASS})

    def parse_beside_another() -> None:
        """Parse while another thread is in the middle of a JSONata definition."""
        other = Preprocessor()
        other._query_language_per_scope.append(QueryLanguage(query_language_mode=QueryLanguageMode.JSONata))
        try:
            AmazonStateLanguageParser.parse(definition)
        finally:
            other._query_language_per_scope.pop()

    with pytest.raises(ValueError, match="Cannot downgrade"):
        parse_beside_another()
    with query_language_per_definition():
        parse_beside_another()


def test_definitions_are_parsed_once(run_machine: RunMachine, engine: ExitStack) -> None:
    text = json.dumps(PASS)
    assert AmazonStateLanguageParser.parse(text)[0] is not AmazonStateLanguageParser.parse(text)[0]
    engine.enter_context(parsed_once())
    assert AmazonStateLanguageParser.parse(text)[0] is AmazonStateLanguageParser.parse(text)[0]


def test_shared_programs_count_retries_per_execution(run_machine: RunMachine, engine: ExitStack) -> None:
    functions = FakeFunctions({"errorType": "Flaky", "errorMessage": "no"}, "Unhandled")
    engine.enter_context(parsed_once())
    engine.enter_context(in_process_functions(functions, client_error))
    retrying = json.loads(json.dumps(TASK))
    retrying["States"]["Only"]["Retry"] = [
        {"ErrorEquals": ["Flaky"], "IntervalSeconds": 1, "MaxAttempts": 1, "BackoffRate": 1.0, "MaxDelaySeconds": 1}
    ]
    outcomes: list[str] = []
    threads = [
        threading.Thread(target=lambda: outcomes.append(run_machine(retrying)["status"]), name=str(n)) for n in range(3)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert outcomes == ["FAILED"] * 3
    assert len(functions.calls) == 6


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**40), 2**40) | st.text(max_size=12),
    lambda children: st.lists(children, max_size=3) | st.dictionaries(st.text(max_size=6), children, max_size=3),
    max_leaves=8,
)


def test_context_times_are_text(run_machine: RunMachine, engine: ExitStack) -> None:
    engine.enter_context(parsed_once())
    definition = {
        "StartAt": "Only",
        "States": {"Only": {"Type": "Pass", "Parameters": {"at.$": "$$.Execution.StartTime"}, "End": True}},
    }
    with pytest.raises(ClientError):
        run_machine(definition)
    engine.enter_context(textual_context_times())
    output = json.loads(run_machine(definition, name="again")["output"])
    assert output["at"].endswith("Z")
    assert datetime.datetime.fromisoformat(output["at"]) <= datetime.datetime.now(datetime.UTC)


@given(st.datetimes(timezones=st.just(datetime.UTC)))
def test_aws_time_can_be_read_back_to_the_millisecond(moment: datetime.datetime) -> None:
    assert abs(datetime.datetime.fromisoformat(aws_time(moment)) - moment) < datetime.timedelta(milliseconds=1)


def test_engine_calls_stay_in_this_process(
    application: WsgiApplication, client: Client, run_machine: RunMachine, engine: ExitStack
) -> None:
    url = client("sqs").create_queue(QueueName="q")["QueueUrl"]
    definition = task("arn:aws:states:::sqs:sendMessage", {"QueueUrl": url, "MessageBody": "hello"})
    assert run_machine(definition)["status"] == "FAILED"  # upstream calls port 5000
    engine.enter_context(in_process_clients(application, "http://localhost"))
    assert run_machine(definition)["status"] == "SUCCEEDED"
    assert client("sqs").receive_message(QueueUrl=url)["Messages"][0]["Body"] == "hello"


def test_lambda_tasks_call_the_function_in_process(run_machine: RunMachine, engine: ExitStack) -> None:
    functions = FakeFunctions({"greeting": "hello"})
    assert run_machine(TASK, '{"name": "you"}')["status"] == "FAILED"  # upstream calls port 5000
    engine.enter_context(in_process_functions(functions, client_error))
    result = run_machine(TASK, '{"name": "you"}')
    assert json.loads(result["output"]) == {"greeting": "hello"}
    assert functions.calls == [(FUNCTION, {"name": "you"})]


def test_lambda_invoke_integration_wraps_the_payload(run_machine: RunMachine, engine: ExitStack) -> None:
    engine.enter_context(in_process_functions(FakeFunctions({"greeting": "hello"}), client_error))
    definition = task("arn:aws:states:::lambda:invoke", {"FunctionName": FUNCTION, "Payload": {"a": 1}})
    output = json.loads(run_machine(definition)["output"])
    assert (output["StatusCode"], output["ExecutedVersion"], output["Payload"]) == (
        200,
        "$LATEST",
        {"greeting": "hello"},
    )


@pytest.mark.parametrize(
    ("functions", "error"),
    [
        (FakeFunctions({"errorType": "ValueError", "errorMessage": "bad"}, "Unhandled"), "ValueError"),
        (FakeFunctions({"message": "no type"}, "Unhandled"), "Lambda.Unknown"),
    ],
)
def test_function_errors_keep_their_names(
    run_machine: RunMachine, engine: ExitStack, functions: FakeFunctions, error: str
) -> None:
    engine.enter_context(in_process_functions(functions, client_error))
    engine.enter_context(lambda_error_names())
    result = run_machine(TASK)
    assert (result["status"], result["error"]) == ("FAILED", error)
    assert json.loads(result["cause"]) == functions.payload


def test_refused_invocations_are_named_as_in_aws(run_machine: RunMachine, engine: ExitStack) -> None:
    functions = FakeFunctions()
    functions.refusal = InvocationRefused("TooManyRequestsException", "Rate Exceeded.", 429)
    engine.enter_context(in_process_functions(functions, client_error))
    assert run_machine(TASK)["error"] == "Exception"
    engine.enter_context(lambda_error_names())
    result = run_machine(TASK)
    assert result["error"] == "Lambda.TooManyRequestsException"
    assert result["cause"].startswith("Rate Exceeded. (Service: AWSLambda; Status Code: 429;")


def test_an_input_that_cannot_be_made_is_no_failure_of_the_function(run_machine: RunMachine, engine: ExitStack) -> None:
    functions = FakeFunctions("hello")
    engine.enter_context(in_process_functions(functions, client_error))
    definition = task(FUNCTION, {"a.$": "States.ArrayGetItem($.list, 5)"})
    assert run_machine(definition, '{"list": []}')["error"] == "Exception"
    engine.enter_context(lambda_error_names())
    assert run_machine(definition, '{"list": []}')["error"] == "States.Runtime"
    assert functions.calls == []


def test_aws_sdk_parameters_and_errors(
    application: WsgiApplication, client: Client, run_machine: RunMachine, engine: ExitStack
) -> None:
    engine.enter_context(in_process_clients(application, "http://localhost"))
    definition = task("arn:aws:states:::aws-sdk:sfn:listStateMachines", {"MaxResults": 1})
    assert run_machine(definition)["status"] == "FAILED"  # upstream sends MaxResults, which the API does not know
    missing = task("arn:aws:states:::aws-sdk:sqs:getQueueUrl", {"QueueName": "none"})
    error_before = run_machine(missing)["error"]

    engine.enter_context(service_task_names())
    engine.enter_context(service_errors())
    after = json.loads(run_machine(definition)["output"])
    assert len(after["StateMachines"]) == 1
    assert set(after["StateMachines"][0]) >= {"StateMachineArn", "CreationDate"}
    assert (error_before, run_machine(missing)["error"]) == (
        "sqs.QueueDoesNotExistException",
        "Sqs.QueueDoesNotExistException",
    )


def test_nested_executions_are_started_and_awaited(
    application: WsgiApplication, client: Client, run_machine: RunMachine, engine: ExitStack
) -> None:
    engine.enter_context(in_process_clients(application, "http://localhost"))
    inner = client("stepfunctions").create_state_machine(
        name="inner", roleArn="arn:aws:iam::123456789012:role/r", definition=json.dumps(PASS)
    )["stateMachineArn"]
    parameters = {"StateMachineArn": inner, "Name": "nested", "Input": {"a": 1}}
    definition = task("arn:aws:states:::states:startExecution.sync:2", parameters)
    assert run_machine(definition)["status"] == "FAILED"  # upstream sends StateMachineArn, which the API does not know
    for adapter in (service_task_names(), complete_execution_api(), textual_context_times(), quick_sync_polling()):
        engine.enter_context(adapter)
    result = run_machine(definition)
    assert result["status"] == "SUCCEEDED", result
    output = json.loads(result["output"])
    assert (output["Status"], output["Output"], output["Input"]) == ("SUCCEEDED", {"n": 1}, {"a": 1})
    assert output["InputDetails"] == output["OutputDetails"] == {"Included": True}
    assert isinstance(output["StartDate"], int)  # milliseconds, as in all optimised integrations


def branch(name: str) -> dict[str, Any]:
    return {"StartAt": name, "States": {name: {"Type": "Pass", "End": True}}}


def test_the_engine_keeps_no_threads(run_machine: RunMachine, engine: ExitStack) -> None:
    parallel = {
        "StartAt": "P",
        "States": {"P": {"Type": "Parallel", "Branches": [branch("A"), branch("B")], "End": True}},
    }

    def kept() -> int:
        before = len(TMP_THREADS)
        assert run_machine(parallel, '{"a":[1]}', name=f"run-{before}")["output"] == '[{"a": [1]}, {"a": [1]}]'
        return len(TMP_THREADS) - before

    assert kept() > 0
    engine.enter_context(fewer_threads())
    assert kept() == 0


@given(JSON_VALUES)
def test_a_copy_is_equal_and_shares_nothing_that_can_change(value: Any) -> None:
    def containers(item: Any) -> set[int]:
        children = item.values() if isinstance(item, dict) else item if isinstance(item, list) else ()
        own = {id(item)} if isinstance(item, dict | list) else set()
        return own.union(*(containers(child) for child in children))

    copied = copy_json(value)
    assert copied == value
    assert not containers(copied) & containers(value)


def test_request_names_follow_the_shape() -> None:
    shape = service_model("stepfunctions").operation_model("SendTaskSuccess").input_shape
    assert to_request({"TaskToken": "t", "Output": {"a": 1}}, shape) == {"taskToken": "t", "output": '{"a":1}'}


@given(st.dictionaries(st.text(st.characters(codec="ascii"), min_size=1, max_size=5), st.just({"S": "x"}), max_size=3))
def test_names_that_are_data_are_left_alone(item: dict[str, Any]) -> None:
    operation = service_model("dynamodb").operation_model("PutItem")
    assert to_request({"TableName": "t", "Item": item}, operation.input_shape) == {"TableName": "t", "Item": item}
    read = service_model("dynamodb").operation_model("GetItem")
    assert from_response({"Item": item}, read.output_shape, is_optimised=True) == {"Item": item}


def test_execution_calls_are_complete(client: Client, engine: ExitStack) -> None:
    stepfunctions = client("stepfunctions")

    def start(definition: dict[str, Any], name: str) -> str:
        machine = stepfunctions.create_state_machine(
            name=name, roleArn="arn:aws:iam::123456789012:role/r", definition=json.dumps(definition)
        )
        execution: str = stepfunctions.start_execution(stateMachineArn=machine["stateMachineArn"])["executionArn"]
        return execution

    assert start(PASS, "before").endswith(":None")
    engine.enter_context(complete_execution_api())
    execution = start(PASS, "after")
    assert not execution.endswith(":None")
    assert start(PASS, "after") != execution

    while stepfunctions.describe_execution(executionArn=execution)["status"] == "RUNNING":
        pass
    whole = stepfunctions.get_execution_history(executionArn=execution)["events"]
    assert [event["id"] for event in whole] == list(range(1, len(whole) + 1))
    assert all({"id", "previousEventId", "timestamp", "type"} <= set(event) for event in whole)
    first = stepfunctions.get_execution_history(executionArn=execution, maxResults=3)
    rest = stepfunctions.get_execution_history(executionArn=execution, maxResults=3, nextToken=first["nextToken"])
    assert [*first["events"], *rest["events"]] == whole
    backwards = stepfunctions.get_execution_history(executionArn=execution, reverseOrder=True)["events"]
    assert backwards == whole[::-1]
    bare = stepfunctions.get_execution_history(executionArn=execution, includeExecutionData=False)["events"]
    assert all("input" not in event.get("stateEnteredEventDetails", {}) for event in bare)
    with pytest.raises(ClientError, match="InvalidToken"):
        stepfunctions.get_execution_history(executionArn=execution, nextToken="made up")

    waiting = start(WAIT, "waiting")
    while not stepfunctions.get_execution_history(executionArn=waiting)["events"]:  # without adapters, none to stop yet
        pass
    stopped = stepfunctions.stop_execution(executionArn=waiting, error="Enough", cause="it took too long")
    assert stopped["stopDate"]
    while (description := stepfunctions.describe_execution(executionArn=waiting))["status"] == "RUNNING":
        pass
    assert (description["status"], description["error"]) == ("ABORTED", "Enough")
    assert description["cause"] == "it took too long"


def test_history_can_be_read_while_the_execution_runs(client: Client, engine: ExitStack) -> None:
    engine.enter_context(complete_execution_api())
    stepfunctions = client("stepfunctions")
    machine = stepfunctions.create_state_machine(
        name="m", roleArn="arn:aws:iam::123456789012:role/r", definition=json.dumps(WAIT)
    )
    execution = stepfunctions.start_execution(stateMachineArn=machine["stateMachineArn"])["executionArn"]
    types: list[str] = []
    while "WaitStateEntered" not in types:
        types = [event["type"] for event in stepfunctions.get_execution_history(executionArn=execution)["events"]]
    assert types == ["ExecutionStarted", "WaitStateEntered"]
    stepfunctions.stop_execution(executionArn=execution)


def test_failed_executions_reach_the_queue_of_a_rule(
    client: Client, run_machine: RunMachine, engine: ExitStack
) -> None:
    queue = client("sqs").create_queue(QueueName="failures")["QueueUrl"]
    arn = "arn:aws:sqs:us-east-1:123456789012:failures"
    pattern = {
        "source": ["aws.states"],
        "detail-type": ["Step Functions Execution Status Change"],
        "detail": {"status": ["FAILED"]},
    }
    client("events").put_rule(Name="failures", EventPattern=json.dumps(pattern))
    client("events").put_targets(Rule="failures", Targets=[{"Id": "queue", "Arn": arn}])
    client("events").put_rule(Name="broken", EventPattern=json.dumps({"source": ["aws.states"]}))
    client("events").put_targets(Rule="broken", Targets=[{"Id": "none", "Arn": f"{arn}-that-does-not-exist"}])

    def received() -> list[dict[str, Any]]:
        messages = client("sqs").receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages", [])
        return [json.loads(message["Body"]) for message in messages]

    run_machine(FAIL)
    assert received() == []
    engine.enter_context(execution_status_events())
    run_machine(PASS, name="good")
    failed = run_machine(FAIL, '{"a":1}', name="bad")
    for _ in range(500):
        if events := received():
            break
    (event,) = events
    assert event["resources"] == [failed["executionArn"]]
    assert {key: event["detail"][key] for key in ("executionArn", "status", "error", "cause", "input")} == {
        "executionArn": failed["executionArn"],
        "status": "FAILED",
        "error": "Broken",
        "cause": "on purpose",
        "input": '{"a":1}',
    }
