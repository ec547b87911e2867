"""Transitions by hand win against what agents do to a breaker meanwhile."""

import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import boto3
import pytest
from moto import mock_aws

from stepweave.command.breaker.contracts import named_breakers, project_agents
from stepweave.command.breaker.table import BreakerTable
from stepweave.command.errors import CommandError
from stepweave.contract.breaker import Breaker, CircuitBreakerConfig
from stepweave.contract.breaker_change import update_item
from stepweave.contract.breaker_item import BreakerItem, State
from stepweave.contract.breaker_transition import Cause, Transition, closed, forced_open, opened
from tests.dynamodb_tables import create_table


@dataclass(frozen=True)
class Contested(BreakerTable):
    """A table in which agents open or close the breaker after each look at it, so many times."""

    times: list[int]

    def read(self, breaker: str) -> BreakerItem | None:
        item = super().read(breaker)
        if self.times[0]:
            self.times[0] -= 1
            cause = Cause(int(time.time() * 1000), "an agent", f"agent-{self.times[0]}")
            seen = item or BreakerItem()
            move = opened(seen, CircuitBreakerConfig(), cause) if seen.state is State.CLOSED else closed(seen, cause)
            call: Any = update_item(self.name, breaker, move.change)
            self.client.update_item(**call)
        return item


@pytest.fixture
def client(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    with mock_aws():
        client = boto3.client("dynamodb", region_name="us-east-1")
        create_table(client, "breakers")
        yield client


def force(item: BreakerItem, cause: Cause) -> Transition:
    return forced_open(item, cause)


@pytest.mark.parametrize("contests", [0, 1, 4])
def test_a_move_is_made_from_the_state_that_there_is(client: Any, contests: int) -> None:
    table = Contested("breakers", client, [contests])
    made = table.move("x", force, "by hand")
    assert made is not None
    item = BreakerTable("breakers", client).read("x")
    assert item is not None
    assert (item.state, item.forced, item.generation, item.reason) == (State.OPEN, True, contests + 1, "by hand")
    assert made.generation == item.generation


def test_nothing_is_written_where_nothing_is_to_be_done(client: Any) -> None:
    table = BreakerTable("breakers", client)
    assert table.move("x", lambda *_: None, "") is None
    assert table.read("x") is None
    assert table.read_all() == {}


def test_who_never_gets_through_says_so(client: Any) -> None:
    with pytest.raises(CommandError, match="changes faster than it can be written to"):
        Contested("breakers", client, [1000]).move("x", force, "")


def test_contracts_name_the_breakers() -> None:
    agents = project_agents()
    assert {"counter", "reader", "replayer"} <= {agent.name for agent in agents}
    breaker = Breaker("github-api")
    guarded = [replace(agent, breaker=breaker) for agent in agents[:2]]
    found = named_breakers([*guarded, *agents[2:]])
    assert found["github-api"].agents == tuple(agent.name for agent in agents[:2])
    assert found["github-api"].config == breaker.config
