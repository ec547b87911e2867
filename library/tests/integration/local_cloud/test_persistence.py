"""What is in a local cloud, brought back by another one."""

import json
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from stepweave.local_cloud.cloud import LocalCloud
from stepweave.local_cloud.controls import Controls
from stepweave.local_cloud.persistence.kept_state import kept_state
from stepweave.local_cloud.persistence.snapshot_file import FILE_NAME, SnapshotError, SnapshotFile

from .conftest import ROLE, WriteAssembly, function, open_to_rules, state_machine

GREET = "import os\ndef handler(event, context):\n    return {'said': os.environ['GREETING'] + ' ' + event['name']}\n"
WAIT = {"StartAt": "Wait", "States": {"Wait": {"Type": "Wait", "Seconds": 3600, "End": True}}}


@contextmanager
def kept(folder: Path) -> Iterator[boto3.Session]:
    with LocalCloud.start() as cloud, kept_state(cloud.session(), folder, every_seconds=3600):
        yield cloud.session()


def run(session: boto3.Session, machine: str, name: str) -> dict[str, Any]:
    client = session.client("stepfunctions")
    arn = f"arn:aws:states:us-east-1:123456789012:stateMachine:{machine}"
    execution = client.start_execution(stateMachineArn=arn, name=name, input='{"name": "you"}')["executionArn"]
    while (found := client.describe_execution(executionArn=execution))["status"] == "RUNNING":
        time.sleep(0.01)
    return {key: found[key] for key in ("status", "output", "startDate", "stopDate", "input") if key in found}


VERSION = {"Type": "AWS::SSM::Parameter::Value<String>", "Default": "/cdk-bootstrap/hnb659fds/version"}
"""What every stack of the CDK begins with."""


def stack() -> dict[str, Any]:
    return {
        "Parameters": {"BootstrapVersion": VERSION},
        "Resources": {
            "Role": ROLE,
            "F": function("greet", "code", GREETING="hello", TABLE={"Ref": "T"}),
            "M": state_machine("greet", "F"),
            "T": {
                "Type": "AWS::DynamoDB::Table",
                "Properties": {
                    "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
                    "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
                    "BillingMode": "PAY_PER_REQUEST",
                },
            },
            "B": {"Type": "AWS::S3::Bucket"},
            "Q": {"Type": "AWS::SQS::Queue"},
            "P": {"Type": "AWS::SSM::Parameter", "Properties": {"Name": "of-stack", "Type": "String", "Value": "1"}},
        },
        "Outputs": {name: {"Value": {"Ref": name}} for name in ("T", "B", "Q")},
    }


def outputs(session: boto3.Session) -> dict[str, str]:
    (found,) = session.client("cloudformation").describe_stacks(StackName="Kept")["Stacks"]
    return {output["OutputKey"]: output["OutputValue"] for output in found["Outputs"]}


@pytest.mark.slow
def test_everything_that_is_said_to_be_kept_is_there_again(  # noqa: PLR0915 - one state, looked at from all sides
    tmp_path: Path, write_assembly: WriteAssembly
) -> None:
    folder = tmp_path / "deep" / "state"
    item: Any = {"id": {"S": "1"}, "raw": {"B": b"\x00\xff"}, "some": {"M": {"n": {"N": "1.5"}}}}
    with LocalCloud.start() as cloud, kept_state(cloud.session(), folder):
        cloud.deploy(write_assembly({"Kept": stack()}, {"code": GREET}))
        session = cloud.session()
        names = outputs(session)
        ended = run(session, "greet", "first")
        history = session.client("stepfunctions").get_execution_history(
            executionArn="arn:aws:states:us-east-1:123456789012:execution:greet:first"
        )["events"]
        session.client("dynamodb").put_item(TableName=names["T"], Item=item)
        session.client("s3").put_object(
            Bucket=names["B"], Key="ü/a.json", Body=b"\x00{}", ContentType="application/json", Metadata={"k": "v"}
        )
        session.client("s3").create_bucket(Bucket="by-hand")
        session.client("s3").put_object(Bucket="by-hand", Key="k", Body=b"x" * 100_000)
        sqs = session.client("sqs")
        sqs.send_message(
            QueueUrl=names["Q"], MessageBody="one", MessageAttributes={"a": {"DataType": "String", "StringValue": "b"}}
        )
        sqs.receive_message(QueueUrl=names["Q"], VisibilityTimeout=0)
        sqs.create_queue(QueueName="by-hand.fifo", Attributes={"FifoQueue": "true"})
        session.client("dynamodb").create_table(
            TableName="by-hand",
            KeySchema=[{"AttributeName": "k", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "k", "AttributeType": "N"}],
            BillingMode="PAY_PER_REQUEST",
        )
        session.client("ssm").put_parameter(Name="/by/hand", Value="2", Type="String")
        session.client("stepfunctions").create_state_machine(
            name="waits", definition=json.dumps(WAIT), roleArn="arn:aws:iam::123456789012:role/r"
        )
        session.client("stepfunctions").start_execution(
            stateMachineArn="arn:aws:states:us-east-1:123456789012:stateMachine:waits", name="unfinished"
        )

    with kept(folder) as session:
        assert outputs(session)["T"] == names["T"]
        assert outputs(session)["B"] == names["B"]
        assert outputs(session)["Q"].rpartition("/")[2] == names["Q"].rpartition("/")[2]
        assert run(session, "greet", "second")["output"] == '{"said":"hello you"}'

        steps = session.client("stepfunctions")
        again = steps.describe_execution(executionArn="arn:aws:states:us-east-1:123456789012:execution:greet:first")
        assert {key: again[key] for key in ended} == ended  # type: ignore[literal-required]
        assert steps.get_execution_history(executionArn=again["executionArn"])["events"] == history
        listed = steps.list_executions(stateMachineArn=again["stateMachineArn"])["executions"]
        assert [one["name"] for one in listed] == ["second", "first"]

        stopped = steps.describe_execution(
            executionArn="arn:aws:states:us-east-1:123456789012:execution:waits:unfinished"
        )
        assert (stopped["status"], stopped["error"]) == ("ABORTED", "LocalCloud.Stopped")
        assert stopped["redriveStatus"] == "NOT_REDRIVABLE"
        events = steps.get_execution_history(executionArn=stopped["executionArn"])["events"]
        assert [event["type"] for event in events] == ["ExecutionStarted", "WaitStateEntered", "ExecutionAborted"]

        dynamodb, s3, sqs = session.client("dynamodb"), session.client("s3"), session.client("sqs")
        assert dynamodb.scan(TableName=names["T"])["Items"] == [item]
        assert dynamodb.scan(TableName="by-hand")["Items"] == []
        kept_object = s3.get_object(Bucket=names["B"], Key="ü/a.json")
        assert (kept_object["Body"].read(), kept_object["ContentType"]) == (b"\x00{}", "application/json")
        assert kept_object["Metadata"] == {"k": "v"}
        assert s3.get_object(Bucket="by-hand", Key="k")["Body"].read() == b"x" * 100_000
        (message,) = sqs.receive_message(
            QueueUrl=outputs(session)["Q"], MessageAttributeNames=["All"], AttributeNames=["All"]
        )["Messages"]
        assert (message["Body"], message["MessageAttributes"]["a"]["StringValue"]) == ("one", "b")
        assert message["Attributes"]["ApproximateReceiveCount"] == "2"
        assert sqs.get_queue_url(QueueName="by-hand.fifo")
        assert session.client("ssm").get_parameter(Name="/by/hand")["Parameter"]["Value"] == "2"
        # What is removed now must not come back.
        s3.delete_object(Bucket="by-hand", Key="k")
        sqs.delete_message(QueueUrl=outputs(session)["Q"], ReceiptHandle=message["ReceiptHandle"])
        dynamodb.delete_item(TableName=names["T"], Key={"id": {"S": "1"}})

    with kept(folder) as session:
        assert "Contents" not in session.client("s3").list_objects_v2(Bucket="by-hand")
        assert "Messages" not in session.client("sqs").receive_message(QueueUrl=outputs(session)["Q"])
        assert session.client("dynamodb").scan(TableName=names["T"])["Items"] == []
        listed = session.client("stepfunctions").list_executions(stateMachineArn=again["stateMachineArn"])["executions"]
        assert len(listed) == 2
        session.client("cloudformation").delete_stack(StackName="Kept")

    with kept(folder) as session, pytest.raises(ClientError, match="does not exist"):
        outputs(session)


def test_the_schedules_of_stacks_go_on(tmp_path: Path, write_assembly: WriteAssembly) -> None:
    rule = {"ScheduleExpression": "rate(1 hour)", "Targets": [{"Id": "t", "Arn": {"Fn::GetAtt": ["Q", "Arn"]}}]}
    resources = {
        "Q": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "ticks"}},
        "QPolicy": open_to_rules("Q"),
        "R": {"Type": "AWS::Events::Rule", "Properties": rule},
    }
    with LocalCloud.start() as cloud, kept_state(cloud.session(), tmp_path):
        cloud.deploy(write_assembly({"Kept": {"Resources": resources}}))
    with (
        Controls() as controls,
        LocalCloud.start(controls=controls) as cloud,
        kept_state(cloud.session(), tmp_path, every_seconds=3600),
    ):
        controls.clock.advance(2 * 3600)
        sqs = cloud.session().client("sqs")
        queue = sqs.get_queue_url(QueueName="ticks")["QueueUrl"]
        messages = sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10)["Messages"]
        assert [json.loads(message["Body"])["source"] for message in messages] == ["aws.events"] * 2


def buckets_in_copy(file: Path, folder: Path) -> dict[str, Any]:
    """What a process that is killed now would leave, as far as it is whole."""
    folder.mkdir(exist_ok=True)
    (folder / FILE_NAME).write_bytes(file.read_bytes())
    try:
        with SnapshotFile(folder) as copy:
            return copy.entries("bucket")
    except SnapshotError:
        return {}  # it was copied in the middle of a change


def test_the_state_is_written_now_and_then(tmp_path: Path) -> None:
    with LocalCloud.start() as cloud, kept_state(cloud.session(), tmp_path / "a", every_seconds=0.05):
        cloud.session().client("s3").create_bucket(Bucket="soon")
        while "soon" not in buckets_in_copy(tmp_path / "a" / FILE_NAME, tmp_path / "b"):
            time.sleep(0.05)
    with kept(tmp_path / "b") as session:
        assert [bucket["Name"] for bucket in session.client("s3").list_buckets()["Buckets"]] == ["soon"]


def test_a_stack_that_cannot_be_restored_is_named_and_stays_kept(tmp_path: Path, write_assembly: WriteAssembly) -> None:
    with LocalCloud.start() as cloud, kept_state(cloud.session(), tmp_path / "state"):
        properties = {"Name": "p", "Type": "String", "Value": "1"}
        parameter = {"Type": "AWS::SSM::Parameter", "Properties": properties}
        cloud.deploy(write_assembly({"Fine": {"Resources": {"P": parameter}}}))
    file = tmp_path / "state" / FILE_NAME
    database = sqlite3.connect(file)
    database.execute(
        "UPDATE entry SET value = replace(CAST(value AS TEXT), 'AWS::SSM::Parameter', 'AWS::No::Thing') "
        "WHERE kind = 'stack' AND key = 'Fine'"
    )
    database.commit()
    database.close()
    before = file.read_bytes()
    with pytest.raises(SnapshotError, match=r"stack Fine could not be restored"), kept(tmp_path / "state"):
        pass
    assert file.read_bytes() == before


def test_a_parameter_alone_is_kept(tmp_path: Path) -> None:
    with LocalCloud.start() as cloud, kept_state(cloud.session(), tmp_path / "state"):
        cloud.session().client("ssm").put_parameter(Name="/only", Value="this", Type="String")
    with LocalCloud.start() as cloud, kept_state(cloud.session(), tmp_path / "state") as has_stacks:
        found = cloud.session().client("ssm").get_parameter(Name="/only")["Parameter"]
        assert found.get("Value") == "this"
        assert not has_stacks


RESTORING = """
import sys
from pathlib import Path
from stepweave.local_cloud.cloud import LocalCloud
from stepweave.local_cloud.persistence.kept_state import kept_state

with LocalCloud.start() as cloud, kept_state(cloud.session(), Path(sys.argv[1])):
    print(*[bucket["Name"] for bucket in cloud.session().client("s3").list_buckets()["Buckets"]])
print([name for name in ("moto.cloudformation", "moto.stepfunctions.parser.models") if name in sys.modules])
"""


def test_what_was_not_used_is_not_loaded(tmp_path: Path) -> None:
    with LocalCloud.start() as cloud, kept_state(cloud.session(), tmp_path / "state"):
        cloud.session().client("s3").create_bucket(Bucket="kept")
    command = [sys.executable, "-c", RESTORING, str(tmp_path / "state")]
    for _ in range(2):  # what the first one writes down is whole
        assert subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines() == ["kept", "[]"]
