"""The real `cdk` command deploys into the local cloud."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from stepweave.local_client.process import LocalCloudProcess

PROJECT = Path(__file__).parents[2]
SCRIPTS = Path(sys.executable).parent
CDK = PROJECT / "node_modules" / ".bin" / "cdk"

APP = """
import json
import sys

import aws_cdk as cdk
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_sqs as sqs
from aws_cdk import aws_stepfunctions as sfn

app = cdk.App()
storage = cdk.Stack(app, "Storage")
bucket = s3.Bucket(storage, "Bucket", enforce_ssl=True)
queue = sqs.Queue(storage, "Queue", enforce_ssl=True)
table = dynamodb.TableV2(storage, "Table", partition_key=dynamodb.Attribute(
    name="id", type=dynamodb.AttributeType.STRING), time_to_live_attribute="expires")

machines = cdk.Stack(app, "Machines")
function = lambda_.Function(
    machines, "Function",
    runtime=lambda_.Runtime(f"python3.{sys.version_info.minor}", lambda_.RuntimeFamily.PYTHON),
    handler="app.handler", code=lambda_.Code.from_asset("code"), timeout=cdk.Duration.seconds(10),
    environment={"BUCKET": bucket.bucket_name, "TABLE": table.table_name, "QUEUE": queue.queue_url},
)
bucket.grant_put(function)
table.grant_write_data(function)
queue.grant_send_messages(function)
machine = sfn.StateMachine(
    machines, "Machine", state_machine_name="greet",
    definition_body=sfn.DefinitionBody.from_string(json.dumps(
        {"StartAt": "Greet", "States": {"Greet": {"Type": "Task", "Resource": "${function}", "End": True}}})),
    definition_substitutions={"function": function.function_arn},
)
function.grant_invoke(machine)
cdk.CfnOutput(machines, "MachineArn", value=machine.state_machine_arn)
app.synth()
"""
HANDLER = """
import os

import boto3

def handler(event, context):
    boto3.client("s3").put_object(Bucket=os.environ["BUCKET"], Key="greeting", Body=b"hello")
    boto3.client("dynamodb").put_item(TableName=os.environ["TABLE"], Item={"id": {"S": event["name"]}})
    boto3.client("sqs").send_message(QueueUrl=os.environ["QUEUE"], MessageBody=event["name"])
    return {"greeting": f"GREETING {event['name']}"}
"""


ASSETS = "cdk-hnb659fds-assets-123456789012-us-east-1"
FORMER: dict[str, Any] = {
    "manifest.json": {
        "version": "36.0.0",
        "artifacts": {
            "Storage.assets": {"type": "cdk:asset-manifest", "properties": {"file": "Storage.assets.json"}},
            "Storage": {
                "type": "aws:cloudformation:stack",
                "properties": {"templateFile": "Storage.template.json"},
                "dependencies": ["Storage.assets"],
            },
        },
    },
    "Storage.assets.json": {
        "version": "36.0.0",
        "files": {
            "digest": {
                "source": {"path": "asset.txt", "packaging": "file"},
                "destinations": {"here": {"bucketName": ASSETS, "objectKey": "asset.txt"}},
            }
        },
    },
    "Storage.template.json": {"Resources": {"Topic": {"Type": "AWS::SNS::Topic"}}},
    "asset.txt": "an asset",
}
"""The assembly of what is deployed before the CDK's command comes: an older version of one of the stacks."""


@pytest.fixture
def cloud() -> Iterator[LocalCloudProcess]:
    with LocalCloudProcess() as cloud:
        yield cloud


@pytest.fixture(scope="module")
def cdk_command() -> Path:
    if not CDK.exists():
        environment = os.environ | {"PATH": f"{SCRIPTS}{os.pathsep}{os.environ['PATH']}"}
        subprocess.run(
            [SCRIPTS / "npm", "ci", "--no-audit", "--no-fund"], cwd=PROJECT, env=environment, check=True, timeout=240
        )
    return CDK


def cdk(command: Path, cloud: LocalCloudProcess, directory: Path, *arguments: str) -> str:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")} | {
        "PATH": f"{SCRIPTS}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": str(PROJECT),
        "AWS_ENDPOINT_URL": cloud.endpoint_url,
        "AWS_ACCESS_KEY_ID": "local",
        "AWS_SECRET_ACCESS_KEY": "local",
        "AWS_REGION": "us-east-1",
        "AWS_EC2_METADATA_DISABLED": "true",
        "CDK_DISABLE_CLI_TELEMETRY": "true",
    }
    result = subprocess.run(
        [command, "--no-notices", *arguments],
        cwd=directory,
        env=environment,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout + result.stderr


def write_former(folder: Path) -> Path:
    folder.mkdir()
    for name, content in FORMER.items():
        (folder / name).write_text(json.dumps(content))
    return folder


def run(cloud: LocalCloudProcess, execution_input: Any) -> Any:
    session = cloud.session()
    (stack,) = session.client("cloudformation").describe_stacks(StackName="Machines")["Stacks"]
    outputs = {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}
    stepfunctions = session.client("stepfunctions")
    execution = stepfunctions.start_execution(stateMachineArn=outputs["MachineArn"], input=json.dumps(execution_input))
    for _ in range(3000):
        description = stepfunctions.describe_execution(executionArn=execution["executionArn"])
        if description["status"] != "RUNNING":
            assert description["status"] == "SUCCEEDED", description
            return json.loads(description["output"])
        time.sleep(0.01)
    raise AssertionError("the execution did not end")


@pytest.mark.timeout(600)
def test_bootstrap_deploy_and_deploy_again_where_something_was_deployed_before(
    cloud: LocalCloudProcess, cdk_command: Path, tmp_path: Path
) -> None:
    (tmp_path / "app.py").write_text(APP)
    code = tmp_path / "code"
    code.mkdir()
    (code / "app.py").write_text(HANDLER.replace("GREETING", "hello"))
    (tmp_path / "cdk.json").write_text(json.dumps({"app": f"{sys.executable} app.py"}))

    cloud.deploy(write_former(tmp_path / "former"))
    cdk(cdk_command, cloud, tmp_path, "bootstrap", "aws://123456789012/us-east-1")
    deploy = ("deploy", "--all", "--require-approval", "never")
    cdk(cdk_command, cloud, tmp_path, *deploy)
    assert run(cloud, {"name": "you"}) == {"greeting": "hello you"}

    session = cloud.session()
    (toolkit,) = session.client("cloudformation").describe_stacks(StackName="CDKToolkit")["Stacks"]
    assert toolkit["StackStatus"] == "UPDATE_COMPLETE"
    assert session.client("iam").get_role(RoleName="cdk-hnb659fds-deploy-role-123456789012-us-east-1")
    assert session.client("s3").get_object(Bucket=ASSETS, Key="asset.txt")["Body"].read() == b'"an asset"'
    buckets = [bucket["Name"] for bucket in session.client("s3").list_buckets()["Buckets"]]
    assert session.client("sns").list_topics()["Topics"] == []
    (bucket,) = [name for name in buckets if name.startswith("storage-")]
    assert session.client("s3").get_object(Bucket=bucket, Key="greeting")["Body"].read() == b"hello"
    (table,) = session.client("dynamodb").list_tables()["TableNames"]
    assert session.client("dynamodb").get_item(TableName=table, Key={"id": {"S": "you"}})["Item"]
    (queue,) = session.client("sqs").list_queues()["QueueUrls"]
    assert session.client("sqs").receive_message(QueueUrl=queue)["Messages"][0]["Body"] == "you"

    (code / "app.py").write_text(HANDLER.replace("GREETING", "goodbye"))
    output = cdk(cdk_command, cloud, tmp_path, *deploy)
    assert "Storage (no changes)" in output
    assert run(cloud, {"name": "you"}) == {"greeting": "goodbye you"}
    cloud.deploy(tmp_path / "cdk.out")
    assert run(cloud, {"name": "me"}) == {"greeting": "goodbye me"}
