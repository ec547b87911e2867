"""Custom resources whose functions are fakes, and the CDK's own ones."""

import io
import json
import zipfile
from collections.abc import Callable
from typing import Any

import pytest

from stepweave.local_cloud.adapters.cloudformation.custom_resources import (
    CustomResourceError,
    CustomResourceType,
    Responses,
)
from stepweave.local_cloud.adapters.cloudformation.resource_type import Request, Resource
from stepweave.local_cloud.adapters.cloudformation.stand_ins import function_stand_in

Client = Callable[[str], Any]
TOKEN = "arn:aws:lambda:us-east-1:123456789012:function:f"


class FakeLambda:
    """Answers each event as it is told to, by a PUT to the URL."""

    def __init__(self, responses: Responses, answer: Callable[[dict[str, Any]], Any]) -> None:
        self.events: list[dict[str, Any]] = []
        self._responses = responses
        self._answer = answer

    def invoke(self, *, FunctionName: str, Payload: bytes) -> dict[str, Any]:  # noqa: N803
        assert FunctionName == TOKEN
        event = json.loads(Payload)
        self.events.append(event)
        answer = self._answer(event)
        if isinstance(answer, Exception):
            return {"FunctionError": "Unhandled", "Payload": io.BytesIO(str(answer).encode())}
        body = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
        assert self._responses.put(event["ResponseURL"], body) == 200
        return {"Payload": io.BytesIO(b"null")}


def request(client: Any, **properties: Any) -> Request:
    given = {"ServiceToken": TOKEN, **properties}
    return Request(
        logical_id="Mine",
        type_name="Custom::Thing",
        properties=given,
        stack_id="stack",
        stack_name="test",
        account="123456789012",
        region="us-east-1",
        client=client if callable(client) else lambda _: client,
        make_name=lambda _: "made",
    )


def asked(answer: Callable[[dict[str, Any]], Any]) -> tuple[CustomResourceType, FakeLambda]:
    responses = Responses("http://localhost:1")
    return CustomResourceType("Custom::Thing", responses), FakeLambda(responses, answer)


def success(physical_id: Any = "id", **data: Any) -> dict[str, Any]:
    return {"Status": "SUCCESS", "PhysicalResourceId": physical_id, "Data": data}


def test_a_resource_is_made_changed_and_removed() -> None:
    kind, functions = asked(lambda event: success(f"id-{event['RequestType']}", Answer=42))
    made = kind.create(request(functions, Number=3, Flag=True, Nested={"a": [1.5, "x"]}))
    assert (made.physical_id, made.attributes["Answer"]) == ("id-Create", 42)
    changed = kind.update(request(functions, Number=4), made)
    assert changed.physical_id == "id-Update"
    kind.delete(request(functions, Number=4), changed)
    create, update, delete = functions.events
    assert create["ResourceProperties"] == {
        "ServiceToken": TOKEN,
        "Number": "3",
        "Flag": "true",
        "Nested": {"a": ["1.5", "x"]},
    }
    assert "PhysicalResourceId" not in create
    assert (update["PhysicalResourceId"], update["OldResourceProperties"]["Number"]) == ("id-Create", "3")
    assert (delete["RequestType"], delete["PhysicalResourceId"]) == ("Delete", "id-Update")
    assert {event["ResourceType"] for event in functions.events} == {"Custom::Thing"}
    assert len({event["RequestId"] for event in functions.events}) == 3


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        ({"Status": "FAILED", "Reason": "no way", "PhysicalResourceId": "x"}, r"Message returned: no way \(RequestId"),
        ({"Status": "SUCCESS"}, "Invalid PhysicalResourceId"),
        (success(3), "Invalid PhysicalResourceId"),
        (success("x", Long="y" * 5000), "Response object is too long"),
        (b"not json", "valid JSON object"),
        (ValueError("it broke"), "did not receive a response.*it broke"),
    ],
)
def test_failures(answer: Any, message: str) -> None:
    kind, functions = asked(lambda _: answer)
    with pytest.raises(CustomResourceError, match=message):
        kind.create(request(functions))


def test_what_was_made_in_spite_of_a_failure_is_known() -> None:
    kind, functions = asked(lambda _: {"Status": "FAILED", "PhysicalResourceId": "half"})
    with pytest.raises(CustomResourceError) as failed:
        kind.create(request(functions))
    assert failed.value.physical_id == "half"


def test_nobody_waits_longer_than_the_template_says() -> None:
    kind, functions = asked(lambda _: b"")
    functions.invoke = lambda **_: {"Payload": io.BytesIO(b"null")}  # type: ignore[method-assign]
    with pytest.raises(CustomResourceError, match="did not receive a response"):
        kind.create(request(functions, ServiceTimeout="0.05"))


def test_a_late_answer_is_refused() -> None:
    responses = Responses("http://localhost:1")
    url, _ = responses.open("r", "us-east-1")
    responses.close("r")
    assert responses.put(url, b"{}") == 403


def test_an_attribute_that_is_missing_is_named() -> None:
    kind, functions = asked(lambda _: success("mine", Answer=1))
    with pytest.raises(KeyError, match="doesn't contain Nope attribute in object mine"):
        kind.create(request(functions)).attributes["Nope"]


# The CDK's own

AUTO_DELETE = "CustomS3AutoDeleteObjectsCustomResourceProviderHandler9D90184F"
BUCKET_DEPLOYMENT = "CustomCDKBucketDeployment8693BB64968944B69AAFB0CC9EB8756C"
LOG_RETENTION = "LogRetentionaae0aa3c5b4d4f87b02d85b201efdd8aFD4BFC8A"
AWS_CALL = "AWS679f53fac002430cb0da5b7982bd22872D164C4C"


def stood_in(function: str) -> CustomResourceType:
    stand_in = function_stand_in(function, {})
    assert stand_in is not None
    return CustomResourceType("Custom::AWS", Responses(""), stand_in)


def test_objects_are_deleted_with_their_bucket(client: Client) -> None:
    s3 = client("s3")
    for name in ("marked", "other"):
        s3.create_bucket(Bucket=name)
        s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
        for body in (b"1", b"2"):
            s3.put_object(Bucket=name, Key="k", Body=body)
    tag = {"Key": "aws-cdk:auto-delete-objects", "Value": "true"}
    s3.put_bucket_tagging(Bucket="marked", Tagging={"TagSet": [tag]})
    kind = stood_in(AUTO_DELETE)
    for name in ("marked", "other", "gone"):
        made = kind.create(request(client, BucketName=name))
        kind.delete(request(client, BucketName=name), made)
    assert "Versions" not in s3.list_object_versions(Bucket="marked")
    assert len(s3.list_object_versions(Bucket="other")["Versions"]) == 2


def test_archives_are_deployed_into_a_bucket(client: Client) -> None:
    s3, archive = client("s3"), io.BytesIO()
    with zipfile.ZipFile(archive, "w") as bundle:
        bundle.writestr("index.html", "at <<marker>>")
        bundle.writestr("skip.txt", "")
    for name in ("assets", "site"):
        s3.create_bucket(Bucket=name)
    s3.put_object(Bucket="assets", Key="a.zip", Body=archive.getvalue())
    s3.put_object(Bucket="site", Key="www/old", Body=b"")
    s3.put_object(Bucket="site", Key="other", Body=b"")
    properties = {
        "SourceBucketNames": ["assets"],
        "SourceObjectKeys": ["a.zip"],
        "SourceMarkers": [{"<<marker>>": "home"}],
        "DestinationBucketName": "site",
        "DestinationBucketKeyPrefix": "www",
        "Exclude": ["skip.*"],
        "SystemMetadata": {"cache-control": "no-cache"},
        "RetainOnDelete": False,
    }
    kind = stood_in(BUCKET_DEPLOYMENT)
    made = kind.create(request(client, **properties))
    page = s3.get_object(Bucket="site", Key="www/index.html")
    assert (page["Body"].read(), page["CacheControl"]) == (b"at home", "no-cache")
    assert [item["Key"] for item in s3.list_objects_v2(Bucket="site")["Contents"]] == ["other", "www/index.html"]
    kind.delete(request(client, **properties), made)
    assert [item["Key"] for item in s3.list_objects_v2(Bucket="site")["Contents"]] == ["other"]


def test_log_groups_keep_their_events_as_long_as_is_said(client: Client) -> None:
    logs, kind = client("logs"), stood_in(LOG_RETENTION)
    properties = {"LogGroupName": "/a", "RetentionInDays": 7, "RemovalPolicy": "destroy"}
    made = kind.create(request(client, **properties))
    assert made.attributes["LogGroupName"] == "/a"
    assert logs.describe_log_groups()["logGroups"][0]["retentionInDays"] == 7
    kind.delete(request(client, **properties), made)
    assert logs.describe_log_groups()["logGroups"] == []


def call(action: str, service: str = "SSM", **more: Any) -> str:
    return json.dumps({"service": service, "action": action, **more})


@pytest.mark.parametrize(
    ("service", "action"), [("SSM", "putParameter"), ("@aws-sdk/client-ssm", "PutParameterCommand")]
)
def test_calls_of_aws_are_made(client: Client, service: str, action: str) -> None:
    parameters = {"Name": "/p", "Value": "v", "Type": "String", "Overwrite": "true"}
    physical = {"responsePath": "Version"}
    put = call(action, service, parameters=parameters, physicalResourceId=physical)
    delete = call("deleteParameter", parameters={"Name": "/p"}, ignoreErrorCodesMatching=".*NotFound")
    kind = stood_in(AWS_CALL)
    made = kind.create(request(client, Create=put, Delete=delete))
    assert made.physical_id == "1"
    get = call("getParameter", parameters={"Name": "/p"}, outputPaths=["Parameter.Value"])
    read = kind.update(request(client, Update=get), made)
    assert dict(read.attributes) == {"Parameter.Value": "v"}
    for _ in range(2):  # the second time it is gone, which is no error
        kind.delete(request(client), Resource("1", {}, {"ServiceToken": TOKEN, "Delete": delete}))
    with pytest.raises(CustomResourceError, match="ParameterNotFound"):
        kind.create(request(client, Create=get))


class Provider:
    """The functions of a provider: one for events, and one that says when it is done."""

    def __init__(self) -> None:
        self.asked = 0

    def get_function_configuration(self, **_: Any) -> dict[str, Any]:
        variables = {"USER_ON_EVENT_FUNCTION_ARN": "event", "USER_IS_COMPLETE_FUNCTION_ARN": "complete"}
        return {"Environment": {"Variables": variables}}

    def invoke(self, *, FunctionName: str, Payload: bytes) -> dict[str, Any]:  # noqa: N803
        event = json.loads(Payload)
        if FunctionName == "event":
            answer: dict[str, Any] = {"PhysicalResourceId": "mine", "Data": {"a": 1}}
            if event["ResourceProperties"].get("Broken"):
                return {"FunctionError": "Unhandled", "Payload": io.BytesIO(b'{"errorMessage": "broken"}')}
        else:
            self.asked += 1
            assert event["PhysicalResourceId"] == "mine"
            answer = {"IsComplete": self.asked > 1, "Data": {"b": 2}}
        return {"Payload": io.BytesIO(json.dumps(answer).encode())}


def test_the_functions_of_a_provider_are_called() -> None:
    stand_in = function_stand_in("FrameworkonEvent", {"Handler": "framework.onEvent"})
    kind, provider = CustomResourceType("Custom::X", Responses(""), stand_in), Provider()
    made = kind.create(request(provider))
    assert (made.physical_id, dict(made.attributes), provider.asked) == ("mine", {"a": 1, "b": 2}, 2)
    with pytest.raises(CustomResourceError, match="broken"):
        kind.create(request(provider, Broken=True))
