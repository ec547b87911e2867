import json
import os
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError

from stepweave.local_cloud.cloud import LocalCloud
from stepweave.local_cloud.controls import Controls
from stepweave.local_cloud.errors import AlreadyRunningError, DeploymentError

from .conftest import ROLE, WriteAssembly, function, open_to_rules, state_machine

GREET = "import os\ndef handler(event, context):\n    return os.environ['GREETING'] + ' ' + event['name']\n"
SHOUT = GREET.replace("event['name']", "event['name'].upper()")
PARAMETER = {"Type": "AWS::SSM::Parameter", "Properties": {"Name": "of-test", "Type": "String", "Value": "x"}}


def run(cloud: LocalCloud, machine: str, execution_input: Any) -> dict[str, Any]:
    stepfunctions = cloud.session().client("stepfunctions")
    arn = f"arn:aws:states:us-east-1:123456789012:stateMachine:{machine}"
    execution = stepfunctions.start_execution(stateMachineArn=arn, input=json.dumps(execution_input))["executionArn"]
    for _ in range(3000):
        description = stepfunctions.describe_execution(executionArn=execution)
        if description["status"] != "RUNNING":
            return dict(description)
        time.sleep(0.01)
    raise AssertionError("the execution did not end")


def progress_of(cloud: LocalCloud, assembly: Path) -> list[tuple[str, str]]:
    progress: list[tuple[str, str]] = []
    cloud.deploy(assembly, lambda stack, outcome: progress.append((stack, outcome)))
    return progress


def test_deploys_runs_and_updates(cloud: LocalCloud, write_assembly: WriteAssembly) -> None:
    def stacks(greeting: str) -> dict[str, Any]:
        return {
            "Agents": {
                "Resources": {"Role": ROLE, "F": function("greet", "code", GREETING=greeting)},
                "Outputs": {"Arn": {"Value": {"Fn::GetAtt": ["F", "Arn"]}, "Export": {"Name": "greet"}}},
            },
            "Workflows": {
                "Resources": {
                    "M": state_machine("greet", "F")
                    | {
                        "Properties": state_machine("greet", "F")["Properties"]
                        | {"DefinitionSubstitutions": {"agent": {"Fn::ImportValue": "greet"}}}
                    }
                }
            },
        }

    order = {"Workflows": ["Agents"]}
    first = write_assembly(stacks("hello"), {"code": GREET}, order)
    assert progress_of(cloud, first) == [
        ("Agents", "deploying"),
        ("Agents", "deployed"),
        ("Workflows", "deploying"),
        ("Workflows", "deployed"),
    ]
    assert json.loads(run(cloud, "greet", {"name": "you"})["output"]) == "hello you"
    assert progress_of(cloud, first) == [("Agents", "unchanged"), ("Workflows", "unchanged")]

    second = write_assembly(stacks("bye"), {"code": SHOUT}, order)
    assert progress_of(cloud, second)[-1] == ("Workflows", "unchanged")
    assert json.loads(run(cloud, "greet", {"name": "you"})["output"]) == "bye YOU"


def test_failures_carry_the_function_error_and_reach_the_queue(
    cloud: LocalCloud, write_assembly: WriteAssembly
) -> None:
    pattern = {"source": ["aws.states"], "detail": {"status": ["FAILED"], "stateMachineArn": [{"Ref": "M"}]}}
    stack = {
        "Resources": {
            "Role": ROLE,
            "F": function("fails", "code"),
            "M": state_machine("fails", "F", TimeoutSeconds=5),
            "Q": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "failures"}},
            "QPolicy": open_to_rules("Q"),
            "R": {
                "Type": "AWS::Events::Rule",
                "Properties": {
                    "EventPattern": pattern,
                    "Targets": [{"Id": "queue", "Arn": {"Fn::GetAtt": ["Q", "Arn"]}}],
                },
            },
        }
    }
    source = "class Broken(Exception): pass\ndef handler(event, context):\n    raise Broken('for good')\n"
    cloud.deploy(write_assembly({"Failing": stack}, {"code": source}))
    failed = run(cloud, "fails", {"a": 1})
    assert (failed["status"], failed["error"]) == ("FAILED", "Broken")
    assert json.loads(failed["cause"])["errorMessage"] == "for good"
    sqs = cloud.session().client("sqs")
    url = sqs.get_queue_url(QueueName="failures")["QueueUrl"]
    assert url.startswith(cloud.endpoint_url)
    (message,) = sqs.receive_message(QueueUrl=url, WaitTimeSeconds=5)["Messages"]
    assert json.loads(message["Body"])["detail"]["executionArn"] == failed["executionArn"]


def test_a_resource_that_cannot_be_made_fails_the_deployment(cloud: LocalCloud, write_assembly: WriteAssembly) -> None:
    stack = {"Resources": {"P": PARAMETER, "X": {"Type": "AWS::Nowhere::Thing", "DependsOn": "P"}}}
    with pytest.raises(DeploymentError, match=r"stack Bad is ROLLBACK_COMPLETE: X \(AWS::Nowhere::Thing\)"):
        cloud.deploy(write_assembly({"Bad": stack}))
    ssm = cloud.session().client("ssm")
    assert "of-test" not in {parameter["Name"] for parameter in ssm.describe_parameters()["Parameters"]}
    del stack["Resources"]["X"]
    cloud.deploy(write_assembly({"Bad": stack}))
    assert ssm.get_parameter(Name="of-test")["Parameter"]["Value"] == "x"


def test_a_process_holds_one_local_cloud(cloud: LocalCloud) -> None:
    with pytest.raises(AlreadyRunningError):
        LocalCloud.start()


def test_the_users_credentials_are_out_of_reach(
    cloud: LocalCloud, write_assembly: WriteAssembly, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "REAL")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "REAL")
    monkeypatch.setenv("AWS_PROFILE", "does-not-exist")
    source = "import os\ndef handler(event, context):\n    return sorted(v for v in os.environ.values())\n"
    stack = {"Resources": {"Role": ROLE, "F": function("environment", "code"), "M": state_machine("environment", "F")}}
    cloud.deploy(write_assembly({"Environment": stack}, {"code": source}))
    values = json.loads(run(cloud, "environment", {})["output"])
    assert "REAL" not in values
    assert cloud.endpoint_url in values


class TestStopping:
    """Comes last: it needs a process without a local cloud."""

    def test_leaves_nothing_behind_and_forgets_all(self, cloud: LocalCloud) -> None:
        cloud.stop()
        before = set(threading.enumerate())
        environment = dict(os.environ)
        with LocalCloud.start() as other:
            session = other.session()
            assert session.client("cloudformation").list_stacks()["StackSummaries"] == []
            session.client("sqs").create_queue(QueueName="q")
        with LocalCloud.start() as third:
            assert third.session().client("sqs").list_queues().get("QueueUrls", []) == []
        assert set(threading.enumerate()) == before
        assert dict(os.environ) == environment
        with pytest.raises(EndpointConnectionError):
            session.client("sqs").list_queues()
        other.stop()


PRELOADING = """
import sys
from stepweave.local_cloud.cloud import LocalCloud

with LocalCloud.start() as cloud:
    cloud.preload(lambda: "moto.apigateway.models" in sys.modules)
    print("moto.cloudformation.parsing" in sys.modules)
    cloud.preload()
    print("moto.cloudformation.parsing" in sys.modules)
"""


def test_preloading_is_left_off_amid_a_service() -> None:
    done = subprocess.run([sys.executable, "-c", PRELOADING], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "True"]


def test_queues_follow_the_clock_of_a_test_also_where_nothing_else_is_used() -> None:
    with Controls() as controls, LocalCloud.start(controls=controls) as cloud:
        sqs = cloud.session().client("sqs")
        queue = sqs.create_queue(QueueName="later")["QueueUrl"]
        sqs.send_message(QueueUrl=queue, MessageBody="in ten minutes", DelaySeconds=600)
        assert "Messages" not in sqs.receive_message(QueueUrl=queue)
        controls.clock.advance(601)
        assert len(sqs.receive_message(QueueUrl=queue)["Messages"]) == 1
