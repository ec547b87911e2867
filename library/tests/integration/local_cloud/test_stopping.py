"""A local cloud that is stopped amid everything leaves nothing behind, and does not wait for what is slow."""

import contextlib
import json
import os
import socket
import tempfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from stepweave.local_cloud.cloud import LocalCloud
from stepweave.local_cloud.controls import Controls
from stepweave.local_cloud.faults.function_fault import Delays

from .conftest import ROLE, WriteAssembly, function, state_machine

SLEEPS = """
import pathlib, time, uuid
def handler(event, context):
    print("a line of the log")
    folder = pathlib.Path(event["begun"]) if "begun" in event else pathlib.Path("{begun}")
    (folder / uuid.uuid4().hex).touch()
    time.sleep(600)
"""
MINUTES = 600
ARN = "arn:aws:states:us-east-1:123456789012:stateMachine"


@pytest.fixture
def begun(tmp_path: Path) -> Path:
    """A folder that gets a file for each call of a function that has begun."""
    folder = tmp_path / "begun"
    folder.mkdir()
    return folder


@pytest.fixture
def stacks(begun: Path, write_assembly: WriteAssembly) -> Path:
    """The assembly of a function that takes ten minutes, and of all that can wait for it or for time."""
    sleeps = function("sleeps", "code")
    sleeps["Properties"]["Timeout"] = MINUTES
    calls = {"Type": "Task", "Resource": "${agent}", "End": True}
    waits = {"Type": "Wait", "Seconds": MINUTES, "End": True}
    branches = [machine(Calls=calls), machine(Waits=waits)]
    resources: dict[str, Any] = {
        "Role": ROLE,
        "F": sleeps,
        "Q": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "mapped", "VisibilityTimeout": MINUTES}},
        "Mapping": {
            "Type": "AWS::Lambda::EventSourceMapping",
            "Properties": {"FunctionName": {"Ref": "F"}, "EventSourceArn": {"Fn::GetAtt": ["Q", "Arn"]}},
        },
    }
    for name, definition in {
        "calls": machine(Only=calls),
        "calls-for-a-time": machine(Only={**calls, "TimeoutSeconds": MINUTES}),
        "waits": machine(Only=waits),
        "both": machine(Only={"Type": "Parallel", "Branches": branches, "End": True}),
    }.items():
        resource = state_machine(name, "F")
        resource["Properties"]["DefinitionString"] = json.dumps(definition)
        resources[name.replace("-", "")] = resource
    return write_assembly({"Slow": {"Resources": resources}}, {"code": SLEEPS.replace("{begun}", str(begun))})


def machine(**state: dict[str, Any]) -> dict[str, Any]:
    return {"StartAt": next(iter(state)), "States": state}


class Bystanders:
    """Clients in threads of their own, whose calls end with the local cloud, with an answer or none."""

    def __init__(self, cloud: LocalCloud) -> None:
        self._session = cloud.session()
        self._threads: list[threading.Thread] = []

    def call(self, service: str, operation: str, **arguments: Any) -> None:
        config = Config(retries={"total_max_attempts": 1}, read_timeout=MINUTES)
        make: Any = self._session.client
        method: Callable[..., Any] = getattr(make(service, config=config), operation)

        def call() -> None:
            with contextlib.suppress(BotoCoreError, ClientError):
                method(**arguments)

        self._threads.append(threading.Thread(target=call))
        self._threads[-1].start()

    def join(self) -> None:
        for thread in self._threads:
            thread.join(60)
            assert not thread.is_alive()


def children() -> set[int]:
    tasks = Path("/proc/self/task")
    if not tasks.exists():
        return set()
    return {int(pid) for task in tasks.iterdir() for pid in (task / "children").read_text().split()}


def variables() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name != "PYTEST_CURRENT_TEST"}


@pytest.fixture
def nothing_left(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """Checks at the end of a test, at once, that threads, processes, files and environment are as before."""
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(scratch))
    LocalCloud.start().stop()  # what is loaded once is loaded
    threads, processes, environment = set(threading.enumerate()), children(), variables()
    yield
    assert set(threading.enumerate()) == threads
    assert children() == processes
    assert list(scratch.iterdir()) == []
    assert variables() == environment


@pytest.mark.usefixtures("nothing_left")
def test_nothing_is_left_of_what_was_under_way(stacks: Path, begun: Path) -> None:
    with LocalCloud.start() as cloud:
        cloud.deploy(stacks)
        bystanders = Bystanders(cloud)
        session = cloud.session()
        session.client("sqs").create_queue(QueueName="polled")
        for name in ("calls", "calls-for-a-time", "waits", "both"):
            session.client("stepfunctions").start_execution(stateMachineArn=f"{ARN}:{name}")
        payload = json.dumps({"begun": str(begun)})
        session.client("lambda").invoke(FunctionName="sleeps", InvocationType="Event", Payload=payload)
        session.client("sqs").send_message(
            QueueUrl=session.client("sqs").get_queue_url(QueueName="mapped")["QueueUrl"], MessageBody="{}"
        )
        bystanders.call("lambda", "invoke", FunctionName="sleeps", Payload=payload)
        polled = f"{cloud.endpoint_url}/123456789012/polled"
        bystanders.call("sqs", "receive_message", QueueUrl=polled, WaitTimeSeconds=20)
        while len(list(begun.iterdir())) < 6:  # three executions, two calls and a message
            threading.Event().wait(0.01)
        idle = socket.create_connection(("127.0.0.1", int(cloud.endpoint_url.rpartition(":")[2])))
    assert idle.recv(1) == b""
    idle.close()
    bystanders.join()


@pytest.mark.usefixtures("nothing_left")
def test_nobody_waits_for_a_fault_of_a_test(stacks: Path) -> None:
    with Controls() as controls, LocalCloud.start(controls=controls) as cloud:
        cloud.deploy(stacks)
        controls.faults.add("sleeps", Delays(float(MINUTES)))
        for name in ("calls", "waits", "both"):
            cloud.session().client("stepfunctions").start_execution(stateMachineArn=f"{ARN}:{name}")
        assert controls.clock.await_idle(60)
