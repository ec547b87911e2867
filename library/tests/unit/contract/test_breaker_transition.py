"""What people do to a breaker, and what a transition says of itself."""

from __future__ import annotations

import pytest

from stepweave.contract.breaker import CircuitBreakerConfig
from stepweave.contract.breaker_change import update_item
from stepweave.contract.breaker_item import BreakerItem, Lease, State, failure_attribute
from stepweave.contract.breaker_transition import MOST_REMOVED, Cause, closed, due, forced_open, half_opened, opened

CONFIG = CircuitBreakerConfig()
CAUSE = Cause(1_900_000_000_000, "maintenance", "me")


def _failing(count: int) -> BreakerItem:
    return BreakerItem(failures={failure_attribute(0, str(each)): (0, CAUSE.at) for each in range(count)})


@pytest.mark.parametrize("state", list(State))
def test_a_person_opens_and_closes_from_any_state(state: State) -> None:
    item = BreakerItem(generation=7, state=state)
    for transition, after in ((forced_open(item, CAUSE), State.OPEN), (closed(item, CAUSE), State.CLOSED)):
        assert (transition.before, transition.after, transition.generation) == (state, after, 8)
        assert transition.change.generation == 7
        assert transition.retry_at is None


def test_the_event_says_what_happened() -> None:
    assert opened(BreakerItem(), CONFIG, CAUSE).detail("api") == {
        "breaker": "api",
        "from": "CLOSED",
        "to": "OPEN",
        "generation": 1,
        "at": "2030-03-17T17:46:40+00:00",
        "reason": "maintenance",
        "retry_after": "2030-03-17T17:47:40+00:00",
    }
    assert forced_open(BreakerItem(), CAUSE).detail("api")["retry_after"] is None


def test_a_transition_is_due_when_the_threshold_is_reached() -> None:
    assert due(_failing(CONFIG.failure_threshold - 1), CONFIG, CAUSE.at, "me") is None
    transition = due(_failing(CONFIG.failure_threshold), CONFIG, CAUSE.at, "me")
    assert transition is not None
    assert (transition.after, transition.cause.reason) == (State.OPEN, "5 failures within 60 s")
    assert due(_failing(9), CONFIG, CAUSE.at + 60_000, "me") is None, "they have left the window"


def test_one_write_removes_no_more_than_fits_in_an_expression() -> None:
    item = _failing(10 * MOST_REMOVED)
    lease = Lease("me", "arn#task", 0, 1)
    for transition in (opened(item, CONFIG, CAUSE, (0, "me")), half_opened(item, 0, 0, lease), closed(item, CAUSE)):
        call = update_item("breakers", "api", transition.change)
        assert len(call["UpdateExpression"]) < 4_096
        assert len(call["ExpressionAttributeNames"]) < 300
        assert len(set(transition.change.remove)) == len(transition.change.remove), "DynamoDB refuses a path twice"
        assert not transition.change.put.keys() & set(transition.change.remove)
