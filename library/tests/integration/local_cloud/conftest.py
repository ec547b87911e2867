"""One local cloud for all tests of a process, and assemblies to deploy into it."""

import hashlib
import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from stepweave.local_cloud.cloud import LocalCloud

Stacks = dict[str, dict[str, Any]]
WriteAssembly = Callable[..., Path]

RUNTIME = f"python{sys.version_info.major}.{sys.version_info.minor}"


@pytest.fixture(scope="module")
def cloud() -> Iterator[LocalCloud]:
    with LocalCloud.start() as cloud:
        yield cloud


@pytest.fixture
def write_assembly(tmp_path: Path) -> WriteAssembly:
    """Writes a cloud assembly as the CDK would: stacks by name, code of functions by asset name."""

    def write(stacks: Stacks, code: dict[str, str] | None = None, order: dict[str, list[str]] | None = None) -> Path:
        files: dict[str, Any] = {}
        texts = {name: json.dumps(template) for name, template in stacks.items()}
        for name, source in (code or {}).items():
            digest = hashlib.sha256(source.encode()).hexdigest()
            folder = tmp_path / f"asset.{digest}"
            folder.mkdir(exist_ok=True)
            (folder / "app.py").write_text(source)
            texts = {stack: text.replace(f"ASSET:{name}", f"{digest}.zip") for stack, text in texts.items()}
            bucket = "cdk-hnb659fds-assets-${AWS::AccountId}-${AWS::Region}"
            files[digest] = {
                "source": {"path": folder.name, "packaging": "zip"},
                "destinations": {"here": {"bucketName": bucket, "objectKey": f"{digest}.zip"}},
            }
        artifacts: dict[str, Any] = {}
        for name, text in texts.items():
            (tmp_path / f"{name}.template.json").write_text(text)
            (tmp_path / f"{name}.assets.json").write_text(json.dumps({"version": "55.0.0", "files": files}))
            artifacts[f"{name}.assets"] = {"type": "cdk:asset-manifest", "properties": {"file": f"{name}.assets.json"}}
            artifacts[name] = {
                "type": "aws:cloudformation:stack",
                "properties": {"templateFile": f"{name}.template.json"},
                "dependencies": [f"{name}.assets", *(order or {}).get(name, [])],
            }
        (tmp_path / "manifest.json").write_text(json.dumps({"version": "55.0.0", "artifacts": artifacts}))
        return tmp_path

    return write


ROLE = {
    "Type": "AWS::IAM::Role",
    "Properties": {
        "AssumeRolePolicyDocument": {
            "Version": "2012-10-17",
            "Statement": [
                {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
            ],
        },
        "Policies": [
            {
                "PolicyName": "everything",
                "PolicyDocument": {
                    "Version": "2012-10-17",
                    "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}],
                },
            }
        ],
    },
}


def open_to_rules(queue: str) -> dict[str, Any]:
    """The resource of a policy that lets rules send to a queue, which is another resource."""
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "events.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": {"Fn::GetAtt": [queue, "Arn"]},
    }
    return {
        "Type": "AWS::SQS::QueuePolicy",
        "Properties": {
            "Queues": [{"Ref": queue}],
            "PolicyDocument": {"Version": "2012-10-17", "Statement": [statement]},
        },
    }


def function(name: str, asset: str, **environment: Any) -> dict[str, Any]:
    """The resource of a function whose code is an asset, and whose role is the resource `Role`."""
    return {
        "Type": "AWS::Lambda::Function",
        "Properties": {
            "FunctionName": name,
            "Runtime": RUNTIME,
            "Handler": "app.handler",
            "Timeout": 10,
            "Role": {"Fn::GetAtt": ["Role", "Arn"]},
            "Code": {
                "S3Bucket": {"Fn::Sub": "cdk-hnb659fds-assets-${AWS::AccountId}-${AWS::Region}"},
                "S3Key": f"ASSET:{asset}",
            },
            "Environment": {"Variables": environment},
        },
    }


def state_machine(name: str, resource: str, **state: Any) -> dict[str, Any]:
    """The resource of a state machine with one task, whose function is the substitution `agent`."""
    task = {"Type": "Task", "Resource": "${agent}", "End": True} | state
    return {
        "Type": "AWS::StepFunctions::StateMachine",
        "Properties": {
            "StateMachineName": name,
            "RoleArn": "arn:aws:iam::123456789012:role/machine",
            "DefinitionString": json.dumps({"StartAt": "Only", "States": {"Only": task}}),
            "DefinitionSubstitutions": {"agent": {"Fn::GetAtt": [resource, "Arn"]}},
        },
    }
