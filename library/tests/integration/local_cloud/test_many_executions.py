"""Two hundred executions at once, and what is left of them; two local clouds side by side."""

import json
import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from botocore.config import Config

from stepweave.local_cloud.cloud import LocalCloud
from stepweave.local_cloud.lambda_runtime.process_memory import ProcessMemory

from .conftest import ROLE, WriteAssembly, function

pytestmark = pytest.mark.slow

EXECUTIONS = 200
TASKS = 10
KEPT_MB = 50
ADD_ONE = "def handler(event, context):\n    return {'n': event['n'] + 1}\n"
ROOT = Path(__file__).parents[3]

SIDE_BY_SIDE = """
import sys
from stepweave.local_cloud.cloud import LocalCloud

with LocalCloud.start() as cloud:
    queues = cloud.session().client("sqs")
    queues.create_queue(QueueName=sys.argv[1])
    print(cloud.endpoint_url, flush=True)
    sys.stdin.readline()
    print(",".join(url.rsplit("/", 1)[-1] for url in queues.list_queues().get("QueueUrls", [])), flush=True)
    sys.stdin.readline()
"""


def chain(length: int) -> dict[str, Any]:
    """The resource of a state machine that calls one function again and again."""
    names = [f"Add{number}" for number in range(length)]
    states = {
        name: {"Type": "Task", "Resource": "${agent}"} | ({"Next": after} if after else {"End": True})
        for name, after in zip(names, [*names[1:], None], strict=True)
    }
    return {
        "Type": "AWS::StepFunctions::StateMachine",
        "Properties": {
            "StateMachineName": "chain",
            "RoleArn": "arn:aws:iam::123456789012:role/machine",
            "DefinitionString": json.dumps({"StartAt": names[0], "States": states}),
            "DefinitionSubstitutions": {"agent": {"Fn::GetAtt": ["Adder", "Arn"]}},
            "TracingConfiguration": {"Enabled": True},
        },
    }


def run_at_once(cloud: LocalCloud, count: int) -> list[dict[str, Any]]:
    """Start executions at once and give their descriptions when all have ended."""
    config = Config(max_pool_connections=16)
    stepfunctions = cloud.session().client("stepfunctions", config=config)
    arn = "arn:aws:states:us-east-1:123456789012:stateMachine:chain"

    def start(number: int) -> str:
        return str(stepfunctions.start_execution(stateMachineArn=arn, input=json.dumps({"n": number}))["executionArn"])

    with ThreadPoolExecutor(16) as starters:
        executions = list(starters.map(start, range(count)))
    deadline = time.monotonic() + 200
    while stepfunctions.list_executions(stateMachineArn=arn, statusFilter="RUNNING")["executions"]:
        assert time.monotonic() < deadline, "the executions did not end"
        time.sleep(0.2)
    return [dict(stepfunctions.describe_execution(executionArn=execution)) for execution in executions]


def test_two_hundred_executions_succeed_and_leave_little_behind(
    cloud: LocalCloud, write_assembly: WriteAssembly
) -> None:
    stack = {"Resources": {"Role": ROLE, "Adder": function("adder", "CODE"), "Chain": chain(TASKS)}}
    cloud.deploy(write_assembly({"Many": stack}, {"CODE": ADD_ONE}))
    run_at_once(cloud, 10)
    memory = ProcessMemory(os.getpid())
    before = memory.resident_mb()
    described = run_at_once(cloud, EXECUTIONS)
    assert [execution["status"] for execution in described] == ["SUCCEEDED"] * EXECUTIONS
    assert [json.loads(execution["output"])["n"] for execution in described] == [
        number + TASKS for number in range(EXECUTIONS)
    ]
    assert memory.resident_mb() - before < KEPT_MB
    memory.close()


@pytest.mark.parametrize("count", [2])
def test_local_clouds_run_side_by_side(count: int) -> None:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", SIDE_BY_SIDE, f"queue-{number}"],
            cwd=ROOT,
            env=environment,
            text=True,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        for number in range(count)
    ]

    def ask(process: subprocess.Popen[str]) -> str:
        assert process.stdin is not None
        print(file=process.stdin, flush=True)
        return answer(process)

    def answer(process: subprocess.Popen[str]) -> str:
        assert process.stdout is not None
        return process.stdout.readline().strip()

    try:
        endpoints = {answer(process) for process in processes}
        assert len(endpoints) == count
        assert [ask(process) for process in processes] == [f"queue-{number}" for number in range(count)]
    finally:
        for process in processes:
            process.communicate("\n", timeout=30)
    assert [process.returncode for process in processes] == [0] * count
