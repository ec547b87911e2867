"""Calls that botocore makes, against the front, with a service behind it that counts."""

from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from stepweave.local_cloud.adapters.step_functions.engine_clients import InProcessClients
from stepweave.local_cloud.faults.plan import FaultPlan
from stepweave.local_cloud.faults.service_fault import (
    FAILURE_ERRORS,
    THROTTLING_ERRORS,
    Interference,
    Kind,
    ServiceFault,
)
from stepweave.local_cloud.faults.service_front import ServiceFront

CALLS: dict[str, tuple[str, str, dict[str, Any], bytes]] = {
    "dynamodb": ("list_tables", "ListTables", {}, b'{"TableNames": []}'),
    "lambda": ("invoke", "Invoke", {"FunctionName": "f"}, b"{}"),
    "s3": ("get_object", "", {"Bucket": "b", "Key": "k"}, b"content"),
    "sqs": ("list_queues", "ListQueues", {}, b"{}"),
    "stepfunctions": ("list_activities", "ListActivities", {}, b'{"activities": []}'),
    "events": ("list_rules", "ListRules", {}, b'{"Rules": []}'),
}


class Service:
    """Answers whatever it is asked, and keeps what it was sent."""

    def __init__(self, content: bytes) -> None:
        self.content = content
        self.bodies: list[bytes] = []

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterator[bytes]:
        self.bodies.append(environ["wsgi.input"].read())
        start_response("200 OK", [("Content-Type", "application/json")])
        yield self.content


def call(service: str, kind: Kind, errors: dict[str, tuple[str, int]]) -> tuple[Service, list[float], Any]:
    method, _, arguments, content = CALLS[service]
    behind, plan = Service(content), FaultPlan()
    slept: list[float] = []
    plan.add_service(ServiceFault(service, Interference(kind, *errors[service], seconds=4.0), 1.0, 0, times=1))
    client: Any = InProcessClients(ServiceFront(behind, plan, slept.append), "http://localhost:1").client(
        "us-east-1", service
    )
    try:
        answer: Any = getattr(client, method)(**arguments)
    except ClientError as error:
        answer = error
    assert getattr(client, method)(**arguments)["ResponseMetadata"]["HTTPStatusCode"] == 200
    return behind, slept, answer


@pytest.mark.parametrize("service", CALLS)
@pytest.mark.parametrize("errors", [THROTTLING_ERRORS, FAILURE_ERRORS])
def test_a_refused_call_gets_the_error_of_its_service(service: str, errors: dict[str, tuple[str, int]]) -> None:
    behind, _, error = call(service, Kind.REFUSED, errors)
    assert isinstance(error, ClientError)
    assert error.response["Error"]["Code"] == errors[service][0]
    assert error.response["ResponseMetadata"]["HTTPStatusCode"] == errors[service][1]
    assert "fault plan" in str(error)
    assert len(behind.bodies) == 1  # the second call alone


@pytest.mark.parametrize("service", CALLS)
def test_a_call_whose_answer_is_lost_was_made(service: str) -> None:
    behind, _, error = call(service, Kind.LOST, FAILURE_ERRORS)
    assert isinstance(error, ClientError)
    assert len(behind.bodies) == 2


@pytest.mark.parametrize("service", CALLS)
def test_a_repeated_call_is_made_twice_with_the_same_body(service: str) -> None:
    behind, _, answer = call(service, Kind.REPEATED, FAILURE_ERRORS)
    assert not isinstance(answer, ClientError)
    assert len(behind.bodies) == 3
    assert behind.bodies[0] == behind.bodies[1]


def test_a_delayed_call_is_made_late() -> None:
    behind, slept, answer = call("dynamodb", Kind.DELAYED, FAILURE_ERRORS)
    assert answer["TableNames"] == []
    assert slept == [4.0]
    assert len(behind.bodies) == 2


@pytest.mark.parametrize("service", [name for name, (_, operation, *_) in CALLS.items() if operation])
def test_operations_are_told_apart(service: str) -> None:
    method, operation, arguments, content = CALLS[service]
    plan, refused = FaultPlan(), Interference(Kind.REFUSED, *FAILURE_ERRORS[service])
    plan.add_service(ServiceFault(service, refused, 1.0, 0, frozenset({"SomethingElse"})))
    clients = InProcessClients(ServiceFront(Service(content), plan, lambda _: None), "http://localhost:1")
    getattr(clients.client("us-east-1", service), method)(**arguments)
    plan.add_service(ServiceFault(service, refused, 1.0, 0, frozenset({operation})))
    with pytest.raises(ClientError):
        getattr(clients.client("us-east-1", service), method)(**arguments)
