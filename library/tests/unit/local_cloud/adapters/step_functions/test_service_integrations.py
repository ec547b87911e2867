"""Integrations against the services, with all that names what they do; upstream's answer first where it differs."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from stepweave.local_cloud.adapters.events.entries import event_entries
from stepweave.local_cloud.adapters.s3.object_headers import object_headers
from stepweave.local_cloud.adapters.step_functions.lambda_tasks import lambda_error_names
from stepweave.local_cloud.adapters.step_functions.refused_integrations import refused_integrations
from stepweave.local_cloud.adapters.step_functions.service_errors import service_errors
from stepweave.local_cloud.adapters.step_functions.service_tasks import service_task_names
from tests.unit.local_cloud.adapters.conftest import Client, Engine

Run = Callable[..., dict[str, Any]]


@pytest.fixture
def run(engine: Engine) -> Run:
    """Runs one task to its end and gives the description, with the output read."""

    def run_task(resource: str, given: Any = None, /, **parameters: Any) -> dict[str, Any]:
        state: dict[str, Any] = {"Type": "Task", "Resource": f"arn:aws:states:::{resource}", "End": True}
        ended = engine.end(
            engine.start({"StartAt": "Do", "States": {"Do": {**state, "Parameters": parameters}}}, given)
        )
        ended["result"] = json.loads(ended["output"]) if "output" in ended else None
        return ended

    return run_task


@pytest.fixture
def named(engine: Engine) -> Engine:
    engine.adapt(service_task_names(), service_errors(), refused_integrations(), lambda_error_names())
    return engine


def test_optimised_results_tell_of_the_http_answer(engine: Engine, client: Client, run: Run) -> None:
    queue = client("sqs").create_queue(QueueName="q")["QueueUrl"]
    assert "SdkHttpMetadata" not in run("sqs:sendMessage", QueueUrl=queue, MessageBody="m")["result"]
    engine.adapt(service_task_names())
    result = run("sqs:sendMessage", QueueUrl=queue, MessageBody={"a": 1})["result"]
    assert set(result) == {"MD5OfMessageBody", "MessageId", "SdkHttpMetadata", "SdkResponseMetadata"}
    http = result["SdkHttpMetadata"]
    assert http["HttpStatusCode"] == 200
    assert http["HttpHeaders"]["Content-Length"] == "106"  # as AWS was recorded to answer
    assert {name: [value] for name, value in http["HttpHeaders"].items()} == http["AllHttpHeaders"]
    topic = client("sns").create_topic(Name="t")["TopicArn"]
    published = run("sns:publish", TopicArn=topic, Message={"a": 1})["result"]
    assert published["SdkHttpMetadata"]["HttpHeaders"]["Content-Length"] == "294"
    assert set(run("aws-sdk:sqs:sendMessage", QueueUrl=queue, MessageBody="m")["result"]) == {
        "Md5OfMessageBody",
        "MessageId",
    }


def test_null_is_left_out_and_what_is_required_is_missed_as_by_the_service(
    named: Engine, client: Client, run: Run
) -> None:
    missing = "1 validation error detected: Value null at 'item' failed to satisfy constraint: Member must not be null"
    given = {"TableName": "t", "Item.$": "$.item"}
    for resource, error in (
        ("dynamodb:putItem", "DynamoDB.AmazonDynamoDBException"),
        ("aws-sdk:dynamodb:putItem", "DynamoDb.DynamoDbException"),
    ):
        ended = run(resource, {"item": None}, **given)
        assert (ended["error"], ended["cause"].partition(" (")[0]) == (error, missing)
    queue = client("sqs").create_queue(QueueName="q")["QueueUrl"]
    ended = run("sqs:sendMessage", {"b": None}, **{"QueueUrl": queue, "MessageBody.$": "$.b"})
    assert ended["error"] == "SQS.AmazonSQSException"
    assert ended["cause"].startswith("The request must contain the parameter MessageBody. (Service: AmazonSQS;")
    assert "result" in run("aws-sdk:secretsmanager:listSecrets", {"n": None}, **{"NextToken.$": "$.n"})


def test_hosts_and_queues_that_are_not_there(named: Engine, client: Client, run: Run) -> None:
    ended = run("sqs:sendMessage", QueueUrl="http://no-such-host", MessageBody="m")
    assert (ended["error"], ended["cause"]) == (
        "SQS.SdkClientException",
        "Unable to execute HTTP request: no-such-host: Name or service not known",
    )
    queue = client("sqs").create_queue(QueueName="q")["QueueUrl"]
    gone = run("sqs:sendMessage", QueueUrl=f"{queue}-gone", MessageBody="m")
    assert gone["error"] == "SQS.QueueDoesNotExistException"


def test_events_that_fail_are_told_as_json(named: Engine, run: Run) -> None:
    named.adapt(event_entries())
    ended = run("events:putEvents", Entries=[{"Source": "s", "DetailType": "d", "Detail": '"text"'}])
    assert ended["error"] == "EventBridge.FailedEntry"
    assert ended["cause"] == (
        '{"Entries":[{"ErrorCode":"MalformedDetail","ErrorMessage":"Detail is malformed."}],"FailedEntryCount":1}'
    )


@pytest.mark.parametrize(
    ("body", "etag"),
    [
        ("text data", "2b5df3712557f503a9977a8ea893b2c9"),
        ({"Dict": "Value"}, "49e31cee5aec8faf3345893addb14346"),
        (["List", "Data"], "6b23860357f6e63a0272b7f1143a663a"),
        (False, "68934a3e9455fa72420237eb05902327"),
        (0, "cfcd208495d565ef66e7dff9f98764da"),
    ],
)
def test_bodies_are_json_as_recorded(named: Engine, client: Client, run: Run, body: Any, etag: str) -> None:
    named.adapt(object_headers())
    client("s3").create_bucket(Bucket="bucket")
    result = run("aws-sdk:s3:putObject", Bucket="bucket", Key="k", Body=body)["result"]
    assert result["ETag"] == f'"{etag}"'
    assert {name: result[name] for name in result if name not in {"ETag", "ChecksumCRC32"}} == {
        "ChecksumType": "FULL_OBJECT",
        "ServerSideEncryption": "AES256",
    }
    read = run("aws-sdk:s3:getObject", Bucket="bucket", Key="k")["result"]
    assert (read["Body"], read["ContentType"]) == (
        json.dumps(body, separators=(",", ":")),
        "text/plain; charset=UTF-8",
    )
    assert "ChecksumCRC32" not in read


def test_members_have_the_names_of_the_sdk_for_java(named: Engine, client: Client, run: Run) -> None:
    client("dynamodb").create_table(
        TableName="t",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    item = {"id": {"S": "1"}, "yes": {"Bool": True}, "none": {"Nul": True}}
    run("aws-sdk:dynamodb:putItem", TableName="t", Item=item)
    key = {"id": {"S": "1"}}
    assert run("aws-sdk:dynamodb:getItem", TableName="t", Key=key)["result"] == {"Item": item}
    optimised = run("dynamodb:getItem", TableName="t", Key=key)["result"]["Item"]
    assert optimised == {"id": {"S": "1"}, "yes": {"BOOL": True}, "none": {"NULL": True}}


@pytest.mark.parametrize(
    "resource",
    ["http:invoke", "apigateway:invoke", "ecs:runTask.sync", "glue:startJobRun.sync", "athena:startQueryExecution"],
)
def test_what_is_not_offered_fails_its_task_by_name(engine: Engine, run: Run, resource: str) -> None:
    engine.adapt(service_task_names(), service_errors(), refused_integrations())
    ended = run(resource, Anything=1)
    assert (ended["error"], ended["cause"]) == (
        "LocalCloud.NotOffered",
        f"The local cloud does not offer the integration arn:aws:states:::{resource}",
    )


def test_payloads_and_causes_of_functions(named: Engine, run: Run) -> None:
    def fail(_: Any) -> Any:
        raise ValueError("ünique")

    named.functions.by_name |= {"echo": lambda event: event, "fail": fail}
    payloads: list[Any] = [None, "text", 0.0, [], {}]
    for payload in payloads:
        result = run("lambda:invoke", FunctionName="echo", Payload=payload)["result"]
        assert result["Payload"] == payload
        assert result["SdkHttpMetadata"]["HttpHeaders"]["X-Amz-Executed-Version"] == "$LATEST"
    ended = run("lambda:invoke", FunctionName="fail")
    assert (ended["error"], ended["cause"]) == ("ValueError", '{"errorType":"ValueError","errorMessage":"ünique"}')
    arn = "arn:aws:lambda:us-east-1:123456789012:function:fail"
    machine = {"StartAt": "Do", "States": {"Do": {"Type": "Task", "Resource": arn, "End": True}}}
    raw = named.end(named.start(machine))
    assert (raw["error"], raw["cause"]) == (
        "ValueError",
        r'{"errorType": "ValueError", "errorMessage": "\u00fcnique"}',
    )


def test_the_token_of_a_job_ends_its_task_while_the_job_goes_on(named: Engine, run: Run) -> None:
    send = {
        "Type": "Task",
        "Resource": "arn:aws:states:::aws-sdk:sfn:sendTaskSuccess",
        "Parameters": {"TaskToken.$": "$.Token", "Output": '"from the child"'},
        "Next": "Wait",
    }
    wait = {"Type": "Wait", "Seconds": 600, "End": True}
    child = named.create({"StartAt": "Send", "States": {"Send": send, "Wait": wait}})
    ended = run("states:startExecution.sync", StateMachineArn=child, Input={"Token.$": "$$.Task.Token"})
    assert ended["result"] == "from the child"
    (execution,) = named.client.list_executions(stateMachineArn=child)["executions"]
    assert execution["status"] == "RUNNING"


def test_a_token_is_looked_at_before_the_output(named: Engine) -> None:
    with pytest.raises(named.client.exceptions.InvalidToken, match="Invalid Token: 'Invalid token'"):
        named.client.send_task_success(taskToken="none", output="no json")
