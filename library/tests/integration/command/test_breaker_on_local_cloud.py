"""`stepweave breaker` against the tables and the event bus that the storage stack makes in a real local cloud."""

import json
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pydantic import BaseModel
from typer.testing import CliRunner, Result

from stepweave.cdk.naming import Names
from stepweave.cdk.platform import this_machine
from stepweave.cdk.settings import Settings
from stepweave.cdk.stacks import create_app
from stepweave.cdk.storage_stack import StorageStack
from stepweave.command.breaker import session as breaker_session
from stepweave.command.main import app
from stepweave.command.target.caller import local_user
from stepweave.contract.agent import Agent
from stepweave.contract.breaker import Breaker, CircuitBreakerConfig
from stepweave.contract.breaker_change import Change, update_item
from stepweave.contract.breaker_item import failure_attribute, number
from stepweave.local_client.process import LocalCloudProcess
from stepweave.runtime.breaker import CircuitBreaker, CircuitOpenError
from stepweave.runtime.breaker_store import DynamoDBBreakerStore


class Nothing(BaseModel):
    """What the agents take and return."""


CONFIG = CircuitBreakerConfig(failure_threshold=7, window=timedelta(hours=1))
AGENTS = [
    Agent(name="caller", input=Nothing, output=Nothing, breaker=Breaker("github-api", CONFIG)),
    Agent(name="pusher", input=Nothing, output=Nothing, breaker=Breaker("github-api", CONFIG)),
    Agent(name="free", input=Nothing, output=Nothing),
]


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCloudProcess]:
    assembly = tmp_path_factory.mktemp("cdk.out")
    synthesized = create_app(assembly, this_machine())
    StorageStack(synthesized, Names().storage_stack, settings=Settings.from_context(synthesized.node))
    synthesized.synth()
    with LocalCloudProcess() as cloud:
        cloud.deploy(assembly)
        yield cloud


@pytest.fixture
def breaker(cloud: LocalCloudProcess, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    monkeypatch.setattr(breaker_session, "project_agents", lambda: AGENTS)
    runner = CliRunner(env={"NO_COLOR": "1", "COLUMNS": "200", "AWS_ENDPOINT_URL": cloud.endpoint_url})
    return lambda *arguments: runner.invoke(app, ["breaker", *arguments])


@pytest.fixture
def table(cloud: LocalCloudProcess) -> Iterator[str]:
    """The name of the breakers table, which is empty again afterwards."""
    client = cloud.session().client("dynamodb")
    (name,) = [name for name in client.list_tables()["TableNames"] if "Breakers" in name]
    yield name
    for item in client.scan(TableName=name)["Items"]:
        client.delete_item(TableName=name, Key={"id": item["id"]})


def shown(breaker: Callable[..., Result], name: str = "github-api") -> dict[str, Any]:
    value: dict[str, Any] = json.loads(breaker("show", name, "--json").stdout)
    return value


def fail(cloud: LocalCloudProcess, table: str, generation: int, count: int) -> None:
    """Record failures as agents do."""
    client = cloud.session().client("dynamodb")
    now = int(time.time() * 1000)
    for failure in range(count):
        put = {failure_attribute(generation, f"t{failure}"): number(now)}
        call: Any = update_item(table, "github-api", Change(generation, put=put))
        client.update_item(**call)


def test_a_breaker_that_contracts_name_is_listed_before_it_has_a_state(
    breaker: Callable[..., Result], table: str
) -> None:
    (entry,) = json.loads(breaker("list", "--json").stdout)
    assert (entry["name"], entry["state"], entry["since"], entry["generation"]) == ("github-api", "CLOSED", None, 0)
    assert (entry["agents"], entry["failure_threshold"]) == (["caller", "pusher"], 7)
    row = next(line for line in breaker("list").stdout.splitlines() if "github-api" in line)
    assert "closed" in row
    assert "0 of 7" in row
    assert "caller, pusher" in row


def test_a_breaker_is_opened_closed_and_reset_by_hand(
    cloud: LocalCloudProcess, breaker: Callable[..., Result], table: str
) -> None:
    fail(cloud, table, generation=0, count=3)
    assert shown(breaker)["failures"] == 3
    assert "circuit breaker github-api opened" in breaker("open", "github-api", "--reason", "maintenance").stdout
    opened = shown(breaker)
    assert (opened["state"], opened["forced"], opened["retry_at"]) == ("OPEN", True, None)
    assert (opened["generation"], opened["failures"]) == (1, 0)
    assert opened["reason"].endswith(": maintenance")
    assert "open (by hand)" in breaker("list").stdout
    assert "when somebody closes it" in breaker("show", "github-api").stdout
    assert "is open already" in breaker("open", "github-api").stdout
    assert shown(breaker)["generation"] == 1

    assert "circuit breaker github-api closed" in breaker("close", "github-api").stdout
    closed = shown(breaker)
    assert (closed["state"], closed["forced"], closed["generation"]) == ("CLOSED", False, 2)
    assert "is closed already" in breaker("close", "github-api").stdout

    fail(cloud, table, generation=2, count=2)
    assert shown(breaker)["failures"] == 2
    value = json.loads(breaker("reset", "github-api", "--json").stdout)
    assert (value["state"], value["failures"], value["generation"]) == ("CLOSED", 0, 3)


def test_who_opened_it_why_and_until_when_is_told_to_everybody(
    cloud: LocalCloudProcess, breaker: Callable[..., Result], table: str
) -> None:
    before = datetime.now(UTC)
    said = breaker("open", "github-api", "--reason", "the vendor\n has an outage", "--for", "30m").stdout
    assert "circuit breaker github-api opened until " in said
    value = shown(breaker)
    until = datetime.fromisoformat(value["until"])
    assert timedelta(minutes=30) <= until - before < timedelta(minutes=31)
    assert (value["by"], value["forced"], value["retry_at"]) == (local_user(), True, value["until"])
    assert value["reason"] == f"opened by {local_user()}: the vendor has an outage"
    details = breaker("show", "github-api").stdout
    assert "the vendor has an outage" in details
    assert f"{until.astimezone():%H:%M:%S}" in details

    store = DynamoDBBreakerStore(table, cloud.session().client("dynamodb"))
    with pytest.raises(CircuitOpenError) as refused:
        CircuitBreaker("github-api", store, CONFIG).call(str)
    expected = f"(opened by {local_user()}: the vendor has an outage; until {until:%Y-%m-%dT%H:%M:%SZ})"
    assert str(refused.value).endswith(expected)

    assert "opened" in breaker("open", "github-api", "--reason", "for good").stdout
    value = shown(breaker)
    assert (value["until"], value["generation"]) == (None, 2)
    with pytest.raises(CircuitOpenError, match="for good; until somebody closes it"):
        CircuitBreaker("github-api", store, CONFIG).call(str)
    breaker("close", "github-api")
    assert shown(breaker)["until"] is None


@pytest.mark.parametrize("duration", ["", "0m", "-5m", "5", "h", "1.5h", "99999d", "30 m", "٣m"])
def test_a_time_that_is_none_is_refused_before_anything_is_written(
    cloud: LocalCloudProcess, breaker: Callable[..., Result], table: str, duration: str
) -> None:
    refused = breaker("open", "github-api", f"--for={duration}")
    assert (refused.exit_code, "must be a duration" in refused.stderr) == (2, True)
    assert cloud.session().client("dynamodb").scan(TableName=table)["Count"] == 0


def test_transitions_by_hand_are_told_on_the_bus_and_logged(
    cloud: LocalCloudProcess, breaker: Callable[..., Result], table: str
) -> None:
    breaker("open", "github-api", "--reason", "told")
    logs = cloud.session().client("logs")
    deadline = time.monotonic() + 30
    while not (events := logs.filter_log_events(logGroupName="/aws/events/stepweave/breakers")["events"]) or (
        ": told" not in events[-1]["message"]
    ):
        assert time.monotonic() < deadline, "nothing was logged"
        time.sleep(0.05)
    event = json.loads(events[-1]["message"])
    assert (event["source"], event["detail-type"]) == ("stepweave.breaker", "Circuit Breaker State Change")
    detail = event["detail"]
    assert (detail["breaker"], detail["from"], detail["to"], detail["generation"]) == (
        "github-api",
        "CLOSED",
        "OPEN",
        1,
    )
    assert detail["by"] == local_user()


def test_a_breaker_that_no_contract_names_any_more_is_still_listed(
    breaker: Callable[..., Result], table: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    breaker("open", "github-api")
    monkeypatch.setattr(breaker_session, "project_agents", list)
    (entry,) = json.loads(breaker("list", "--json").stdout)
    assert (entry["name"], entry["state"], entry["agents"]) == ("github-api", "OPEN", [])
    assert entry["failure_threshold"] is None
    assert "none of this project" in breaker("show", "github-api").stdout


@pytest.mark.parametrize("action", ["show", "open", "close", "reset"])
def test_a_name_that_nobody_knows_is_refused_and_nothing_is_written(
    cloud: LocalCloudProcess, breaker: Callable[..., Result], table: str, action: str
) -> None:
    refused = breaker(action, "github-ap")
    assert refused.exit_code == 2
    assert "no circuit breaker is called 'github-ap'" in refused.stderr
    assert "did you mean github-api?" in refused.stderr
    assert cloud.session().client("dynamodb").scan(TableName=table)["Count"] == 0
