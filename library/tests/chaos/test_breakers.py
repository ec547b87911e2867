"""Circuit breakers in workflows: the fleet stops calling a backend that is down, and the workflows go on."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from datetime import datetime
from functools import partial
from typing import Any, Final

import pytest

from stepweave.cdk.naming import Names
from stepweave.contract.breaker import CRASH_PREFIX, EVENT_SOURCE, crash_of, probe_owner
from stepweave.contract.breaker_item import STATE
from stepweave.testing.agent_control import CrashPoint
from stepweave.testing.backend import Runnable
from stepweave.testing.local_backend import LocalBackend
from stepweave.testing.run import Run
from tests.chaos.agents.caller.contract import BACKEND, BACKEND_TABLE, CONFIG, caller
from tests.chaos.agents.waiter.contract import waiter
from tests.chaos.breaker_workflows import ask, ask_later, ask_or_substitute
from tests.chaos.workflow import NEEDS, chaos
from tests.chaos.world import create_world, world
from tests.dynamodb_tables import create_table

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(240)]

AT_ONCE: Final = 6
SDK_ATTEMPTS: Final = 4
"""How often an agent's client of DynamoDB tries a call: once by the short way, and then as often as botocore does."""

QUEUE: Final = "chaos-transitions"
PATIENCE_SECONDS: Final = 30.0


class Backend:
    """What agents call, and its breaker."""

    def __init__(self, cloud: LocalBackend) -> None:
        self._dynamodb = cloud.client("dynamodb")
        self._breakers = next(name for name in self._dynamodb.list_tables()["TableNames"] if "Breakers" in name)

    def create(self) -> None:
        """Create its table."""
        create_table(self._dynamodb, BACKEND_TABLE)

    def put(self, *, healthy: bool) -> None:
        """Let it fail or recover, and count from 0."""
        self._dynamodb.update_item(
            TableName=BACKEND_TABLE,
            Key={"id": {"S": BACKEND}},
            UpdateExpression="SET healthy = :healthy REMOVE calls, callers",
            ExpressionAttributeValues={":healthy": {"BOOL": healthy}},
        )

    @property
    def calls(self) -> int:
        """How often it was called."""
        return int(self._item(BACKEND_TABLE).get("calls", {"N": "0"})["N"])

    @property
    def processes(self) -> int:
        """How many processes have called it."""
        return len(self._item(BACKEND_TABLE).get("callers", {"SS": []})["SS"])

    @property
    def state(self) -> str:
        """The breaker's state."""
        return str(self._item(self._breakers).get(STATE, {"S": "CLOSED"})["S"])

    @property
    def crashes(self) -> set[str]:
        """The attributes of the breaker's item that tell of crashes."""
        return {name for name in self._item(self._breakers) if name.startswith(CRASH_PREFIX)}

    def _item(self, table: str) -> dict[str, Any]:
        found = self._dynamodb.get_item(TableName=table, Key={"id": {"S": BACKEND}}, ConsistentRead=True)
        return dict(found.get("Item", {}))


@pytest.fixture(scope="module")
def deployed(cloud: LocalBackend) -> LocalBackend:
    cloud.deploy(ask, ask_or_substitute, ask_later, chaos)
    Backend(cloud).create()
    create_world(cloud)
    sqs, events = cloud.client("sqs"), cloud.client("events")
    url = sqs.create_queue(QueueName=QUEUE)["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    statement = {"Effect": "Allow", "Principal": {"Service": "events.amazonaws.com"}, "Action": "sqs:SendMessage"}
    policy = {"Version": "2012-10-17", "Statement": [{**statement, "Resource": arn}]}
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": json.dumps(policy)})
    pattern = json.dumps({"source": [EVENT_SOURCE]})
    events.put_rule(Name=QUEUE, EventBusName=Names().event_bus, EventPattern=pattern)
    events.put_targets(Rule=QUEUE, EventBusName=Names().event_bus, Targets=[{"Id": "queue", "Arn": arn}])
    return cloud


@pytest.fixture
def backend(deployed: LocalBackend) -> Iterator[Backend]:
    """The backend, which is down."""
    deployed.begin("skipped")
    backend = Backend(deployed)
    backend.put(healthy=False)
    yield backend
    deployed.end()
    deployed.sleep(2 * CONFIG.window.total_seconds())  # until no process remembers anything


def warm_up(cloud: LocalBackend, backend: Backend) -> None:
    """Have several processes ready."""
    backend.put(healthy=True)
    for _ in range(10):
        for run in [cloud.start(ask) for _ in range(AT_ONCE)]:
            run.wait()
        if backend.processes > 2:
            break
    backend.put(healthy=False)


def open_breaker(cloud: LocalBackend, backend: Backend, workflow: Runnable = ask_or_substitute) -> list[Run]:
    """Let executions find out together that the backend is down."""
    runs = [cloud.start(workflow) for _ in range(AT_ONCE)]
    for run in runs:
        run.wait()
    assert backend.state == "OPEN"
    return runs


def test_the_whole_fleet_stops_calling_after_few_failures(deployed: LocalBackend, backend: Backend) -> None:
    warm_up(deployed, backend)
    runs = open_breaker(deployed, backend)
    assert [run.status for run in runs] == ["SUCCEEDED"] * AT_ONCE
    assert 1 < backend.processes <= AT_ONCE
    assert CONFIG.failure_threshold <= backend.calls <= CONFIG.failure_threshold + AT_ONCE
    assert {run.task("call").error for run in runs} == {"CircuitOpenError"}, "it opened before the retries were used up"


def test_an_open_breaker_leads_to_the_fallback_at_once(deployed: LocalBackend, backend: Backend) -> None:
    open_breaker(deployed, backend)
    calls = backend.calls
    run = deployed.run(ask_or_substitute)
    assert (run.status, run.output) == ("SUCCEEDED", {"by": "stand_in"})
    assert (run.task("call").attempts, run.task("call").error) == (1, "CircuitOpenError")
    assert backend.calls == calls


def test_an_open_breaker_ends_an_execution_that_has_no_other_way(deployed: LocalBackend, backend: Backend) -> None:
    open_breaker(deployed, backend)
    calls = backend.calls
    run = deployed.run(ask)
    assert (run.status, run.error, run.task("call").attempts) == ("FAILED", "CircuitOpenError", 1)
    assert backend.calls == calls


def test_a_task_that_waits_goes_on_when_the_backend_is_healthy(deployed: LocalBackend, backend: Backend) -> None:
    open_breaker(deployed, backend)
    backend.put(healthy=True)
    run = deployed.run(ask_later)
    assert (run.status, run.output) == ("SUCCEEDED", {"by": "wait"}), run.cause
    assert backend.state == "CLOSED"
    refusals = [event for event in run.history if failure(event) == "CircuitOpenError"]
    waits = [event["timestamp"] for event in run.history if event["type"] == "WaitStateExited"]
    assert len(waits) == len(refusals) >= 1
    assert all(waited >= retry_after(refusal) for waited, refusal in zip(waits, refusals, strict=True))


def test_a_task_that_waits_outlasts_a_backend_that_is_down_for_long(deployed: LocalBackend, backend: Backend) -> None:
    open_breaker(deployed, backend)
    run = deployed.start(ask_later)
    deployed.sleep(4.5 * CONFIG.recovery_timeout.total_seconds())
    assert run.status == "RUNNING"
    backend.put(healthy=True)
    assert run.wait().status == "SUCCEEDED", run.cause
    refusals = [event for event in run.history if failure(event) == "CircuitOpenError"]
    assert 3 <= len(refusals) <= 6, "it asks again when it may, not in between"


@pytest.mark.parametrize("kind", ["crash", "timeout"])
def test_the_state_machine_records_what_a_dead_process_cannot(
    deployed: LocalBackend, backend: Backend, kind: str
) -> None:
    backend.put(healthy=True)
    die(deployed, kind)
    runs = []
    for _ in range(CONFIG.failure_threshold):
        runs.append(deployed.run(ask_or_substitute))
        assert runs[-1].output == {"by": "stand_in"}
        assert backend.crashes == {crash_of(probe_owner(run.arn, "call")) for run in runs}
    refused = deployed.run(ask_or_substitute)
    assert (refused.task("call").error, refused.task("call").attempts) == ("CircuitOpenError", 1)
    assert backend.state == "OPEN"


@pytest.mark.parametrize("kind", ["crash", "timeout"])
def test_the_dead_letter_function_records_a_crash_that_ends_the_execution(
    deployed: LocalBackend, backend: Backend, kind: str
) -> None:
    backend.put(healthy=True)
    die(deployed, kind)
    runs = []
    for _ in range(CONFIG.failure_threshold):
        runs.append(deployed.run(ask))
        assert runs[-1].status == "FAILED"
        expected = {crash_of(probe_owner(run.arn, "call")) for run in runs}
        assert await_(partial(are_recorded, backend, expected))
    assert deployed.run(ask).error == "CircuitOpenError"
    assert backend.state == "OPEN"


def test_transitions_are_told_on_the_bus_and_counted(deployed: LocalBackend, backend: Backend) -> None:
    open_breaker(deployed, backend)
    backend.put(healthy=True)
    assert deployed.run(ask_later).status == "SUCCEEDED"
    told = [json.loads(body)["detail"] for body in messages(deployed)]
    assert [(one["from"], one["to"]) for one in sorted(told, key=lambda one: one["generation"])] == [
        ("CLOSED", "OPEN"),
        ("OPEN", "HALF_OPEN"),
        ("HALF_OPEN", "CLOSED"),
    ]
    assert {one["breaker"] for one in told} == {BACKEND}
    assert is_counted(deployed, caller.name, "BreakerOpened")
    assert is_counted(deployed, waiter.name, "BreakerClosed")


def test_a_breaker_whose_table_fails_lets_calls_through(deployed: LocalBackend, backend: Backend) -> None:
    backend.put(healthy=True)
    deployed.service("dynamodb").fails(operations=["GetItem"])
    run = deployed.run(ask)
    deployed.stop_faults()
    assert (run.status, run.task("call").attempts) == ("SUCCEEDED", 1), run.cause
    assert is_counted(deployed, caller.name, "BreakerUnavailable")


def test_a_call_is_tried_again_when_its_idempotency_record_cannot_be_written(
    deployed: LocalBackend, backend: Backend
) -> None:
    backend.put(healthy=True)
    deployed.service("dynamodb").fails(operations=["PutItem"], times=SDK_ATTEMPTS)
    run = deployed.run(ask)
    assert (run.status, run.task("call").attempts) == ("SUCCEEDED", 2), run.cause
    assert [failure(event) for event in run.history if failure(event)] == ["PlatformError"]
    assert backend.calls == 1


def test_a_task_is_tried_again_when_it_cannot_fetch_what_was_published(
    deployed: LocalBackend, backend: Backend
) -> None:
    deployed.service("dynamodb").throttles(operations=["BatchGetItem"], times=SDK_ATTEMPTS)
    run = deployed.run(chaos, number=1)
    assert (run.status, run.task("d").attempts) == ("SUCCEEDED", 2), run.cause
    assert [failure(event) for event in run.history if failure(event)] == ["PlatformError"]


def test_an_outage_of_dynamodb_is_waited_for(deployed: LocalBackend, backend: Backend) -> None:
    deployed.service("dynamodb").fails(times=40)
    run = deployed.run(chaos, number=1)
    assert run.status == "SUCCEEDED", run.cause
    assert deployed.injected["dynamodb InternalServerError refused"] == 40
    assert max(task.attempts for task in run.tasks.values()) > 2
    assert {effect.task: effect.effects for effect in world(deployed)} == dict.fromkeys(NEEDS, 1)


def die(cloud: LocalBackend, kind: str) -> None:
    """Let the caller's processes die, as often as its breaker allows."""
    times = CONFIG.failure_threshold
    if kind == "crash":
        cloud.agent(caller).crashes(times=times, when=CrashPoint.CALLED)
    else:
        cloud.agent(caller).times_out(times=times)


def are_recorded(backend: Backend, expected: set[str]) -> bool:
    return backend.crashes == expected


def name_of(run: Run) -> str:
    return run.arn.rpartition(":")[2]


def failure(event: Any) -> str:
    return str(event.get("lambdaFunctionFailedEventDetails", {}).get("error", ""))


def retry_after(refusal: Any) -> datetime:
    """Return the time that a circuit breaker's refusal names."""
    report = json.loads(refusal["lambdaFunctionFailedEventDetails"]["cause"])
    return datetime.fromisoformat(report["errorMessage"].split()[-1])


def messages(cloud: LocalBackend) -> list[str]:
    """Return what came into the queue of transitions."""
    sqs = cloud.client("sqs")
    url = sqs.get_queue_url(QueueName=QUEUE)["QueueUrl"]
    found: list[str] = []

    def have_come() -> bool:
        received = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", [])
        found.extend(message["Body"] for message in received)
        return len(found) >= 3

    assert await_(have_come), found
    return found


def is_counted(cloud: LocalBackend, agent: str, metric: str) -> bool:
    """Tell whether a metric is in an agent's log, in CloudWatch's embedded metric format; logs come a little late."""

    def is_logged() -> bool:
        pages = cloud.client("logs").get_paginator("filter_log_events")
        for page in pages.paginate(logGroupName=f"/aws/lambda/{Names().function(agent)}"):
            records = [json.loads(one["message"]) for one in page["events"] if '"_aws"' in one["message"]]
            if any(sum(record.get(metric, [])) >= 1 for record in records):
                return True
        return False

    return await_(is_logged)


def await_(is_done: Callable[[], bool]) -> bool:
    """Wait, in real time, for what runs in the background."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not is_done():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True
