"""Rules of EventBridge deliver to their targets.

Upstream defects: a target that is a function or a state machine fails the publisher's own call with an internal error;
disabled rules deliver; a rule that has a schedule and no pattern gets every event; ``Input`` and ``InputPath`` are
ignored; nothing is tried again or sent to the target's dead-letter queue; and times are not spelt as AWS spells them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from moto.events.models import Archive, EventsBackend, Rule, events_backends

from stepweave.local_cloud.adapters.patch import replaced
from stepweave.local_cloud.events.delivery import Clients
from stepweave.local_cloud.events.event import MAXIMUM_HOPS, Event
from stepweave.local_cloud.events.retried_calls import FIRST_RETRY_SECONDS
from stepweave.local_cloud.events.router import EventRouter
from stepweave.local_cloud.events.target import Target


@contextmanager
def event_rules(clients: Clients, first_retry_seconds: float = FIRST_RETRY_SECONDS) -> Iterator[EventRouter]:
    """Deliver through an :class:`EventRouter` until the context ends.

    Parameters
    ----------
    clients
        What the targets' services are called with.
    first_retry_seconds
        The wait before a delivery is tried again for the first time.
    """
    router = EventRouter(clients, first_retry_seconds)

    def send(self: Any, original_event: Mapping[str, Any], transform_input: bool = True) -> None:  # noqa: ARG001
        _send_if_matched(router, self, Event.of_message(original_event))

    try:
        with replaced(Rule, "send_to_targets", send):
            yield router
    finally:
        router.close()


def send_to_targets(router: EventRouter, rule: Any, event: Event) -> None:
    """Send an event to all targets of a rule, whatever the rule's pattern; returns at once."""
    for settings in list(rule.targets):
        target = Target.of_settings(settings)
        if ":events:" not in target.arn:
            router.send(rule, target, event)
        elif ":event-bus/" in target.arn:
            _hand_on(router, target, event)
        else:
            _keep(rule, event)


def _send_if_matched(router: EventRouter, rule: Any, event: Event) -> None:
    has_pattern = bool(rule.event_pattern.get_pattern())
    if rule.state != "DISABLED" and has_pattern and rule.event_pattern.matches_event(event.to_json()):
        send_to_targets(router, rule, event)


def _hand_on(router: EventRouter, target: Target, event: Event) -> None:
    """Hand an event to another bus, unless it goes round in circles."""
    if event.hops >= MAXIMUM_HOPS:
        return
    region, account = target.arn.split(":")[3:5]
    backend: EventsBackend = events_backends[account][region]
    bus = backend.event_buses.get(target.arn.rpartition("event-bus/")[2])
    if bus is None:
        return
    for rule in list(bus.rules.values()):
        router.call(lambda rule=rule: _send_if_matched(router, rule, event.handed_on()))  # type: ignore[misc]


def _keep(rule: Any, event: Event) -> None:
    """Keep an event in the archive that made this rule."""
    archives: list[Archive] = list(events_backends[rule.account_id][rule.region_name].archives.values())
    for archive in archives:
        if archive.rule is rule:
            archive.events.append(event.to_json())
