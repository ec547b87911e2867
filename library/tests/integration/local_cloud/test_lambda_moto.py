"""Functions that are created in moto run in real worker processes, and answer boto3 as AWS does."""

import base64
import io
import json
import sys
import time
import zipfile
from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from moto.awslambda.models import lambda_backends
from moto.core.base_backend import BackendDict
from moto.core.model_instances import reset_model_data
from moto.server import ThreadedMotoServer

from stepweave.local_cloud.lambda_runtime import moto_backend, moto_delivery
from stepweave.local_cloud.lambda_runtime.host import FunctionHost
from stepweave.local_cloud.lambda_runtime.interpreters import installed_python
from stepweave.local_cloud.lambda_runtime.invocation import InvocationRefused
from stepweave.local_cloud.lambda_runtime.managed_runtime import managed_runtime

RUNTIME = f"python{sys.version_info.major}.{sys.version_info.minor}"
ACCOUNT, REGION = "123456789012", "us-east-1"
CODE = """
import os

def echo(event, context):
    print("heard", event)
    return event

def where(event, context):
    import boto3
    return {"buckets": [b["Name"] for b in boto3.client("s3").list_buckets()["Buckets"]], "version": VERSION}

def fail(event, context):
    raise ValueError("no way")

def layered(event, context):
    from shared import value
    return value

def identity(event, context):
    return {"arn": context.invoked_function_arn, "version": context.function_version, "code": VERSION}

def client(event, context):
    return context.client_context.custom

VERSION = 1
"""
STACK = {
    "Resources": {
        "Role": {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": {"Statement": []}}},
        "Dead": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "stack-dead"}},
        "Function": {
            "Type": "AWS::Lambda::Function",
            "Properties": {
                "FunctionName": "from-stack",
                "Runtime": RUNTIME,
                "Handler": "app.layered",
                "Role": {"Fn::GetAtt": ["Role", "Arn"]},
                "Code": {"S3Bucket": "code", "S3Key": "one.zip"},
                "Layers": ["LAYER"],
                "Environment": {"Variables": {"A": "1"}},
                "EphemeralStorage": {"Size": 1024},
                "TracingConfig": {"Mode": "Active"},
                "DeadLetterConfig": {"TargetArn": {"Fn::GetAtt": ["Dead", "Arn"]}},
                "LoggingConfig": {"LogFormat": "JSON", "LogGroup": "/stack/logs"},
                "ReservedConcurrentExecutions": 7,
                "Tags": [{"Key": "team", "Value": "weavers"}],
            },
        },
    }
}

Create = Callable[..., str]


def zipped(files: dict[str, str]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return buffer.getvalue()


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    endpoint = f"http://localhost:{server.get_host_and_port()[1]}"
    yield endpoint
    server.stop()
    BackendDict.reset()
    reset_model_data()


@pytest.fixture(scope="module")
def host(endpoint: str) -> Iterator[FunctionHost]:
    with FunctionHost(
        runtime_directory=managed_runtime(),
        endpoint_url=endpoint,
        deliver_logs=moto_delivery.deliver_logs,
        deliver_dead_letter=moto_delivery.deliver_dead_letter,
        retry_delays_seconds=(0.01,),
    ) as host:
        yield host


@pytest.fixture(scope="module")
def functions(host: FunctionHost) -> Iterator[moto_backend.MotoLambda]:
    with moto_backend.install(host) as functions:
        yield functions


Client = Callable[[str], Any]


@pytest.fixture(scope="module")
def client(endpoint: str, functions: moto_backend.MotoLambda) -> Client:
    session = boto3.Session(aws_access_key_id="a", aws_secret_access_key="b", region_name=REGION)

    def client(service: str) -> Any:
        config = Config(retries={"total_max_attempts": 1})
        return session.client(service, endpoint_url=endpoint, config=config)  # type: ignore[call-overload]

    return client


@pytest.fixture(scope="module")
def create(client: Client) -> Create:
    role = client("iam").create_role(RoleName="r", AssumeRolePolicyDocument="{}")["Role"]["Arn"]
    client("s3").create_bucket(Bucket="code")
    client("s3").put_object(Bucket="code", Key="one.zip", Body=zipped({"app.py": CODE}))
    numbers = iter(range(1000))

    def create(handler: str, code: dict[str, Any] | None = None, **settings: Any) -> str:
        name = f"{handler}-{next(numbers)}"
        client("lambda").create_function(
            FunctionName=name,
            Role=role,
            Handler=f"app.{handler}",
            Code=code or {"S3Bucket": "code", "S3Key": "one.zip"},
            **{"Runtime": RUNTIME, "Timeout": 20, **settings},
        )
        return name

    return create


def payload_of(response: Any) -> Any:
    return json.loads(response["Payload"].read())


def eventually(look: Callable[[], Any]) -> Any:
    deadline = time.monotonic() + 15
    while not (found := look()) and time.monotonic() < deadline:
        time.sleep(0.02)
    return found


def error_of(call: Callable[..., Any], **arguments: Any) -> dict[str, Any]:
    with pytest.raises(ClientError) as error:
        call(**arguments)
    response: Any = error.value.response
    return {"status": response["ResponseMetadata"]["HTTPStatusCode"], "reason": response.get("Reason")} | response[
        "Error"
    ]


@pytest.mark.parametrize("source", ["bucket", "inline"])
def test_a_function_runs_and_answers(client: Client, create: Create, source: str) -> None:
    name = create("echo", None if source == "bucket" else {"ZipFile": zipped({"app.py": CODE})})
    response = client("lambda").invoke(FunctionName=name, Payload=b'{"n": [1, "\xc3\xa9"]}')
    assert (response["StatusCode"], response["ExecutedVersion"]) == (200, "$LATEST")
    assert "FunctionError" not in response
    assert "LogResult" not in response
    assert payload_of(response) == {"n": [1, "é"]}


def test_its_clients_reach_this_cloud(client: Client, create: Create) -> None:
    response = client("lambda").invoke(FunctionName=create("where", MemorySize=512))
    assert "code" in payload_of(response)["buckets"]


def test_the_log_comes_with_the_answer_and_to_cloudwatch(client: Client, create: Create, host: FunctionHost) -> None:
    name = create("echo")
    response = client("lambda").invoke(FunctionName=name, Payload=b"1", LogType="Tail")
    tail = base64.b64decode(response["LogResult"]).decode()
    host.flush_logs()
    events = client("logs").filter_log_events(logGroupName=f"/aws/lambda/{name}")["events"]
    assert "heard 1" in tail.splitlines()
    assert [line for event in events for line in event["message"].splitlines()] == tail.splitlines()


def test_a_function_error_is_marked(client: Client, create: Create) -> None:
    response = client("lambda").invoke(FunctionName=create("fail"))
    assert (response["StatusCode"], response["FunctionError"]) == (200, "Unhandled")
    error = payload_of(response)
    assert (error["errorType"], error["errorMessage"]) == ("ValueError", "no way")


def test_a_dry_run_does_not_run(client: Client, create: Create, host: FunctionHost) -> None:
    before = host.live_workers
    assert client("lambda").invoke(FunctionName=create("echo"), InvocationType="DryRun")["StatusCode"] == 204
    assert host.live_workers == before


def test_an_event_is_accepted_and_dead_lettered_in_the_end(client: Client, create: Create) -> None:
    queue = client("sqs").create_queue(QueueName="dead")["QueueUrl"]
    name = create("fail", DeadLetterConfig={"TargetArn": f"arn:aws:sqs:{REGION}:{ACCOUNT}:dead"})
    response = client("lambda").invoke(FunctionName=name, InvocationType="Event", Payload=b'{"n": 1}')
    assert (response["StatusCode"], response["Payload"].read()) == (202, b"")
    receive = client("sqs").receive_message
    (message,) = eventually(lambda: receive(QueueUrl=queue, MessageAttributeNames=["All"]).get("Messages"))
    attributes = {key: value["StringValue"] for key, value in message["MessageAttributes"].items()}
    assert message["Body"] == '{"n": 1}'
    assert attributes.keys() == {"RequestID", "ErrorCode", "ErrorMessage"}
    assert (attributes["ErrorCode"], attributes["ErrorMessage"]) == ("200", "no way")


def test_retries_are_as_configured(client: Client, create: Create, host: FunctionHost) -> None:
    queue = client("sqs").create_queue(QueueName="dead-at-once")["QueueUrl"]
    name = create("fail", DeadLetterConfig={"TargetArn": f"arn:aws:sqs:{REGION}:{ACCOUNT}:dead-at-once"})
    client("lambda").put_function_event_invoke_config(FunctionName=name, MaximumRetryAttempts=0)
    client("lambda").invoke(FunctionName=name, InvocationType="Event")
    assert eventually(lambda: client("sqs").receive_message(QueueUrl=queue).get("Messages"))
    host.flush_logs()
    events = client("logs").filter_log_events(logGroupName=f"/aws/lambda/{name}")["events"]
    assert len([event for event in events if event["message"].startswith("START")]) == 1


@pytest.mark.parametrize("handler", ["echo", "fail"])
def test_records_of_events_go_to_their_destinations(
    client: Client, create: Create, host: FunctionHost, handler: str
) -> None:
    queue = client("sqs").create_queue(QueueName=f"records-{handler}")["QueueUrl"]
    listener, name = create("echo"), create(handler)
    service = client("lambda")
    queue_arn = f"arn:aws:sqs:{REGION}:{ACCOUNT}:records-{handler}"
    listener_arn = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{listener}"
    destinations = [{"Destination": queue_arn}, {"Destination": listener_arn}]
    on_success, on_failure = destinations if handler == "echo" else destinations[::-1]
    service.put_function_event_invoke_config(
        FunctionName=name,
        MaximumRetryAttempts=1,
        DestinationConfig={"OnSuccess": on_success, "OnFailure": on_failure},
    )
    service.update_function_event_invoke_config(FunctionName=name, MaximumRetryAttempts=0)
    service.invoke(FunctionName=name, InvocationType="Event", Payload=b'{"n": 1}')
    (message,) = eventually(lambda: client("sqs").receive_message(QueueUrl=queue).get("Messages"))
    record = json.loads(message["Body"])
    assert record["requestContext"]["functionArn"] == f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{name}:$LATEST"
    assert record["requestContext"]["approximateInvokeCount"] == 1
    assert record["requestContext"]["condition"] == ("Success" if handler == "echo" else "RetriesExhausted")
    assert record["requestPayload"] == {"n": 1}
    answer = {"n": 1} if handler == "echo" else "no way"
    assert record["responsePayload"] == answer or record["responsePayload"]["errorMessage"] == answer
    other = {"OnSuccess": on_failure, "OnFailure": on_success}
    service.update_function_event_invoke_config(FunctionName=name, DestinationConfig=other)
    service.invoke(FunctionName=name, InvocationType="Event", Payload=b'{"n": 2}')

    def heard() -> list[str]:
        host.flush_logs()
        groups = client("logs").describe_log_groups(logGroupNamePrefix=f"/aws/lambda/{listener}")["logGroups"]
        events = [e for g in groups for e in client("logs").filter_log_events(logGroupName=g["logGroupName"])["events"]]
        return [event["message"] for event in events if "heard" in event["message"]]

    (line,) = eventually(heard)
    assert "'requestPayload': {'n': 2}" in line


def test_calls_that_lambda_refuses(client: Client, create: Create) -> None:
    name, invoke = create("echo"), client("lambda").invoke
    unknown = error_of(invoke, FunctionName="unknown")
    assert (unknown["status"], unknown["Code"]) == (404, "ResourceNotFoundException")
    assert unknown["Message"] == f"Function not found: arn:aws:lambda:{REGION}:{ACCOUNT}:function:unknown:$LATEST"
    broken = error_of(invoke, FunctionName=name, Payload=b"{no json")
    assert (broken["status"], broken["Code"]) == (400, "InvalidRequestContentException")
    large = error_of(invoke, FunctionName=name, Payload=b'"' + b"x" * (6 * 1024 * 1024 - 1) + b'"')
    assert (large["status"], large["Code"]) == (413, "RequestEntityTooLargeException")
    assert large["Message"] == "Request must be smaller than 6291456 bytes for the InvokeFunction operation"
    assert invoke(FunctionName=name, Payload=b'"' + b"x" * (6 * 1024 * 1024 - 2) + b'"')["StatusCode"] == 200
    event = b'"' + b"x" * (1024 * 1024 - 1) + b'"'
    large_event = error_of(invoke, FunctionName=name, Payload=event, InvocationType="Event")
    assert (large_event["status"], large_event["Code"]) == (413, "RequestEntityTooLargeException")
    assert large_event["Message"] == (
        "1048577 byte payload is too large for the Event invocation type (limit 1048576 bytes)"
    )
    assert invoke(FunctionName=name, Payload=event[:-2] + b'"', InvocationType="Event")["StatusCode"] == 202


@pytest.mark.parametrize(
    ("settings", "code", "message"),
    [
        ({"Environment": {"Variables": {"A": "x" * 4089}}}, "InvalidParameterValueException", "exceeded the 4KB limit"),
        (
            {"Environment": {"Variables": {"AWS_REGION": "eu-west-1", "_HANDLER": "a.b"}}},
            "InvalidParameterValueException",
            "Reserved keys used in this request: AWS_REGION, _HANDLER",
        ),
        ({"Timeout": 901}, "ValidationException", "Value '901' at 'timeout' failed to satisfy constraint"),
        ({"MemorySize": 10_241}, "ValidationException", "less than or equal to 10240"),
    ],
)
def test_settings_that_lambda_refuses(
    client: Client, create: Create, settings: dict[str, Any], code: str, message: str
) -> None:
    created = error_of(create, handler="echo", **settings)
    assert (created["status"], created["Code"]) == (400, code)
    assert message in created["Message"]
    name = create("echo", Environment={"Variables": {"A": "x" * 4088}})
    updated = error_of(client("lambda").update_function_configuration, FunctionName=name, **settings)
    assert updated["Message"] == created["Message"]


def test_reserved_concurrency_throttles(client: Client, create: Create) -> None:
    name = create("echo")
    client("lambda").put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=0)
    assert error_of(client("lambda").invoke, FunctionName=name) == {
        "status": 429,
        "reason": "ReservedFunctionConcurrentInvocationLimitExceeded",
        "Code": "TooManyRequestsException",
        "Message": "Rate Exceeded.",
    }
    client("lambda").delete_function_concurrency(FunctionName=name)
    assert client("lambda").invoke(FunctionName=name)["StatusCode"] == 200


def test_another_runtime_is_refused_with_the_reason(client: Client, create: Create) -> None:
    error = error_of(client("lambda").invoke, FunctionName=create("echo", Runtime="nodejs22.x"))
    assert (error["status"], error["Code"]) == (502, "InvalidRuntimeException")
    assert "nodejs22.x" in error["Message"]
    assert "runs Python only" in error["Message"]


@pytest.mark.parametrize("version", ["3.13"])
def test_another_python_runs_what_is_written_for_it(client: Client, create: Create, version: str) -> None:
    if installed_python(version) is None:
        pytest.skip(f"this machine has no Python {version}")
    code = "import sys, boto3\ndef handler(event, context): return [*sys.version_info[:2], event]"
    name = create("handler", {"ZipFile": zipped({"app.py": code})}, Runtime=f"python{version}")
    answer = client("lambda").invoke(FunctionName=name, Payload=b'"x"')
    assert json.loads(answer["Payload"].read()) == [*map(int, version.split(".")), "x"]


def test_without_such_a_python_the_running_one_runs_it_with_one_warning(
    client: Client, create: Create, caplog: pytest.LogCaptureFixture
) -> None:
    for name in (create("echo", Runtime="python3.99"), create("identity", Runtime="python3.99")):
        assert client("lambda").invoke(FunctionName=name)["StatusCode"] == 200
    warnings = [record.getMessage() for record in caplog.records if "python3.99" in record.getMessage()]
    assert len(warnings) == 1
    assert f"run on Python {RUNTIME.removeprefix('python')} here" in warnings[0]


def test_an_alias_shares_its_calls_as_it_says(client: Client, create: Create) -> None:
    name, service = create("identity"), client("lambda")
    for _ in range(2):
        service.publish_version(FunctionName=name)
        service.update_function_configuration(FunctionName=name, Description="changed")
    weights = {"AdditionalVersionWeights": {"2": 1.0}}
    service.create_alias(FunctionName=name, Name="live", FunctionVersion="1", RoutingConfig=weights)
    assert service.invoke(FunctionName=name, Qualifier="live")["ExecutedVersion"] == "2"
    service.update_alias(FunctionName=name, Name="live", RoutingConfig={"AdditionalVersionWeights": {"2": 0.0}})
    assert service.invoke(FunctionName=name, Qualifier="live")["ExecutedVersion"] == "1"


def test_versions_and_aliases_run_what_they_name(client: Client, create: Create) -> None:
    name, service = create("identity"), client("lambda")
    service.publish_version(FunctionName=name)
    service.create_alias(FunctionName=name, Name="live", FunctionVersion="1")
    service.update_function_code(
        FunctionName=name, ZipFile=zipped({"app.py": CODE.replace("VERSION = 1", "VERSION = 2")})
    )
    latest = service.invoke(FunctionName=name)
    assert (latest["ExecutedVersion"], payload_of(latest)["code"]) == ("$LATEST", 2)
    for target in ({"Qualifier": "1"}, {"Qualifier": "live"}, {"FunctionName": f"{name}:live"}):
        response = service.invoke(**{"FunctionName": name, **target})
        assert response["ExecutedVersion"] == "1"
        identity = payload_of(response)
        assert (identity["version"], identity["code"]) == ("1", 1)
        assert identity["arn"].endswith(f"{name}:1")


def test_the_client_context_reaches_the_function(client: Client, create: Create) -> None:
    context = base64.b64encode(b'{"custom": {"n": 1}, "client": {}, "env": {}}').decode()
    response = client("lambda").invoke(FunctionName=create("client"), ClientContext=context)
    assert payload_of(response) == {"n": 1}


def publish_layer(client: Client, value: int) -> str:
    content = {"ZipFile": zipped({"python/shared.py": f"value = {value}\n"})}
    arn: str = client("lambda").publish_layer_version(LayerName=f"shared-{value}", Content=content)["LayerVersionArn"]
    return arn


def test_a_layer_is_on_the_path(client: Client, create: Create) -> None:
    name = create("layered", Layers=[publish_layer(client, 17)])
    assert payload_of(client("lambda").invoke(FunctionName=name)) == 17


def test_a_function_is_called_within_the_process(
    functions: moto_backend.MotoLambda, client: Client, create: Create
) -> None:
    name = create("echo")
    result = functions.invoke_function(f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{name}", b'{"n": 1}')
    assert (json.loads(result.payload), result.function_error) == ({"n": 1}, None)
    with pytest.raises(InvocationRefused) as refused:
        functions.invoke_function("unknown", b"{}")
    over_http = error_of(client("lambda").invoke, FunctionName="unknown")
    in_process = moto_backend.client_error(refused.value).response
    assert in_process["Error"] == {key: over_http[key] for key in ("Code", "Message")}
    assert in_process["ResponseMetadata"]["HTTPStatusCode"] == over_http["status"]


def test_other_services_call_functions_too(client: Client, create: Create, host: FunctionHost) -> None:
    name = create("echo")
    topic = client("sns").create_topic(Name="news")["TopicArn"]
    arn = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{name}"
    client("sns").subscribe(TopicArn=topic, Protocol="lambda", Endpoint=arn)
    client("sns").publish(TopicArn=topic, Message="extra")
    host.flush_logs()
    events = client("logs").filter_log_events(logGroupName=f"/aws/lambda/{name}")["events"]
    assert any("'Message': 'extra'" in event["message"] for event in events)


@pytest.mark.parametrize(
    ("content", "message"),
    [(zipped({"../escape.py": ""}), "outside"), (b"no zip at all", "Could not unzip uploaded file")],
)
def test_bad_archives_are_refused_when_the_function_is_created(
    client: Client, create: Create, content: bytes, message: str
) -> None:
    error = error_of(create, handler="echo", code={"ZipFile": content})
    assert (error["status"], error["Code"]) == (400, "InvalidParameterValueException")
    assert message in error["Message"]
    layer = error_of(client("lambda").publish_layer_version, LayerName="bad", Content={"ZipFile": content})
    assert layer["Code"] == "InvalidParameterValueException"


def test_code_is_not_held_in_memory(client: Client, create: Create) -> None:
    name = create("echo", {"ZipFile": zipped({"app.py": CODE})})
    function = lambda_backends[ACCOUNT][REGION].get_function(name)
    assert function.code_bytes == b""
    assert "ZipFile" not in function.code
    assert client("lambda").get_function(FunctionName=name)["Configuration"]["CodeSize"] > 0


def test_a_deleted_function_keeps_no_worker(client: Client, create: Create, host: FunctionHost) -> None:
    name = create("echo")
    client("lambda").invoke(FunctionName=name)
    before = host.live_workers
    client("lambda").delete_function(FunctionName=name)
    assert host.live_workers == before - 1
    assert error_of(client("lambda").invoke, FunctionName=name)["status"] == 404


def test_a_stack_keeps_every_setting_of_a_function(client: Client, create: Create, host: FunctionHost) -> None:
    template = json.dumps(STACK).replace("LAYER", publish_layer(client, 23))
    client("cloudformation").create_stack(StackName="one", TemplateBody=template)
    found = client("lambda").get_function(FunctionName="from-stack")
    configuration = found["Configuration"]
    assert configuration["EphemeralStorage"] == {"Size": 1024}
    assert configuration["TracingConfig"] == {"Mode": "Active"}
    assert configuration["DeadLetterConfig"] == {"TargetArn": f"arn:aws:sqs:{REGION}:{ACCOUNT}:stack-dead"}
    assert configuration["LoggingConfig"] == {"LogFormat": "JSON", "LogGroup": "/stack/logs"}
    assert len(configuration["Layers"]) == 1
    assert found["Tags"]["team"] == "weavers"
    assert found["Concurrency"] == {"ReservedConcurrentExecutions": 7}
    assert payload_of(client("lambda").invoke(FunctionName="from-stack")) == 23
    host.flush_logs()
    events = client("logs").filter_log_events(logGroupName="/stack/logs")["events"]
    assert "platform.report" in [json.loads(event["message"]).get("type") for event in events]
    changed = template.replace('"Size": 1024', '"Size": 2048').replace('Executions": 7', 'Executions": 9')
    client("cloudformation").update_stack(StackName="one", TemplateBody=changed)
    updated = client("lambda").get_function(FunctionName="from-stack")
    assert updated["Configuration"]["EphemeralStorage"] == {"Size": 2048}
    assert updated["Concurrency"] == {"ReservedConcurrentExecutions": 9}


def test_it_is_installed_once_at_a_time(functions: moto_backend.MotoLambda, host: FunctionHost) -> None:
    with pytest.raises(RuntimeError, match="installed in this process already"), moto_backend.install(host):
        pass
