"""A payload bucket, an idempotency table, and an agent to run against them."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import boto3
import pytest
from moto import mock_aws
from pydantic import BaseModel, JsonValue

from stepweave.contract.agent import Agent
from stepweave.contract.breaker import Breaker
from stepweave.contract.failure import TaskFailure
from stepweave.runtime.agent_handler import Handler, agent_handler
from stepweave.runtime.context import TaskContext
from tests.dynamodb_tables import create_table

_numbers = itertools.count()


@dataclass
class Invocation:
    """What the Lambda runtime hands to a handler beside the event."""

    seconds: float = 30.0
    function_name: str = "stepweave-echo"
    memory_limit_in_mb: int = 256
    invoked_function_arn: str = "arn:aws:lambda:us-east-1:123456789012:function:stepweave-echo"
    aws_request_id: str = "7f4a9c1e"

    def get_remaining_time_in_millis(self) -> int:
        return int(self.seconds * 1000)


class Words(BaseModel):
    words: list[str]
    note: str | None = None


class EchoInput(BaseModel):
    said: Words
    others: list[Words | TaskFailure] = []
    optional: Words | None = None


@dataclass
class Echo:
    """An agent that returns what it was given, and counts how often it was really run."""

    act: Callable[[EchoInput], Words] = lambda given: given.said
    runs: list[EchoInput] = field(default_factory=list)
    contexts: list[TaskContext] = field(default_factory=list)
    breaker: Breaker | None = None

    def __post_init__(self) -> None:
        # A name of its own, since loggers are known by it in the whole process.
        self.contract = Agent(name=f"echo_{next(_numbers)}", input=EchoInput, output=Words, breaker=self.breaker)

        @agent_handler(self.contract)
        def handler(task: EchoInput, context: TaskContext) -> Words:
            self.runs.append(task)
            self.contexts.append(context)
            return self.act(task)

        self.handler: Handler = handler

    def __call__(
        self,
        said: JsonValue,
        *,
        run: str = "run-1",
        task: str = "echo",
        limit: int = 100_000,
        gates: dict[str, int] | None = None,
        publish: bool = False,
        stands_for: str | None = None,
        seconds: float = 30.0,
        **rest: JsonValue,
    ) -> JsonValue:
        event = {
            "execution": f"arn:aws:states:us-east-1:123456789012:execution:stepweave-echo:{run}",
            "task": task,
            "input": {"said": said, **rest},
            "result_limit_bytes": limit,
            "publish": publish,
            "stands_for": stands_for,
            "signals": [{"gate": gate, "need": need} for gate, need in (gates or {}).items()],
        }
        return self.handler(event, Invocation(seconds))  # type: ignore[arg-type]


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The resources that the stacks make, empty."""
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setenv("STEPWEAVE_PAYLOAD_BUCKET", "payload")
    monkeypatch.setenv("STEPWEAVE_IDEMPOTENCY_TABLE", "idempotency")
    monkeypatch.setenv("STEPWEAVE_GATES_TABLE", "gates")
    monkeypatch.setenv("STEPWEAVE_BREAKERS_TABLE", "breakers")
    monkeypatch.setenv("STEPWEAVE_EVENT_BUS", "stepweave")
    with mock_aws():
        _make_resources()
        yield


@pytest.fixture
def make_resources() -> Callable[[], None]:
    return _make_resources


def _make_resources() -> None:
    boto3.client("s3").create_bucket(Bucket="payload")
    for table in ("idempotency", "gates", "breakers"):
        create_table(boto3.client("dynamodb"), table)


@pytest.fixture
def echo(aws: None) -> Echo:
    return Echo()


@pytest.fixture
def make_echo() -> type[Echo]:
    return Echo


@pytest.fixture
def invocation() -> type[Invocation]:
    return Invocation
