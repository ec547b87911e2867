"""Carries events from buses to the targets of their rules, in the background, as EventBridge does."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Protocol

from botocore.exceptions import ClientError

from stepweave.local_cloud.events.delivery import Clients, Delivery
from stepweave.local_cloud.events.delivery_error import DeliveryError
from stepweave.local_cloud.events.event import Event
from stepweave.local_cloud.events.retried_calls import FIRST_RETRY_SECONDS, GivenUp, RetriedCalls
from stepweave.local_cloud.events.target import Target
from stepweave.local_cloud.events.target_input import InvalidInputError, target_input
from stepweave.local_cloud.permissions.actions.table import Access
from stepweave.local_cloud.permissions.authority import check
from stepweave.local_cloud.permissions.callers import Caller, ServiceCaller, acting_as, service_session

_LOG = logging.getLogger(__name__)


class MatchedRule(Protocol):
    """A rule that matches an event."""

    @property
    def name(self) -> str:
        """The rule's name."""

    @property
    def arn(self) -> str:
        """The rule's ARN."""


class EventRouter:
    """Delivers events, tries again, and dead-letters what cannot be delivered.

    Parameters
    ----------
    clients
        What the targets' services are called with.
    first_retry_seconds
        The wait before the first retry; the waits grow exponentially.
    """

    def __init__(self, clients: Clients, first_retry_seconds: float = FIRST_RETRY_SECONDS) -> None:
        self._delivery = Delivery(clients)
        self._calls = RetriedCalls("events", first_retry_seconds)

    def send(self, rule: MatchedRule, target: Target, event: Event) -> None:
        """Have an event delivered to a target of a rule that matches it; returns at once."""

        def deliver(_retries: int) -> None:
            try:
                text = target_input(target, event, rule.name, rule.arn)
            except InvalidInputError as error:
                raise DeliveryError("INVALID_JSON", str(error), is_retriable=False) from error
            with acting_as(_caller(rule, target, event)):
                self._delivery.deliver(target, text, event)

        self._calls.put(deliver, lambda given_up: self._give_up(rule, target, event, given_up), target.retry_policy)

    def call(self, call: Callable[[], None]) -> None:
        """Have something else done in the background, as handing an event to another bus."""
        self._calls.put_once(call)

    def stop(self) -> None:
        """Begin no more deliveries."""
        self._calls.stop()

    def close(self) -> None:
        """Finish the deliveries that are under way; those that wait for a retry are dropped."""
        self._calls.close()

    def _give_up(self, rule: MatchedRule, target: Target, event: Event, given_up: GivenUp) -> None:
        queue = target.dead_letter_arn
        _LOG.debug("the rule %s could not deliver to %s: %s", rule.name, target.arn, given_up.error)
        if queue is None:
            return
        attributes = {
            "RULE_ARN": rule.arn,
            "TARGET_ARN": target.arn,
            "ERROR_CODE": given_up.error.code,
            "ERROR_MESSAGE": str(given_up.error),
            "EXHAUSTED_RETRY_CONDITION": given_up.exhausted,
            "RETRY_ATTEMPTS": str(given_up.retries),
        }
        try:
            with acting_as(_rule_itself(rule, event)):
                self._delivery.send_dead_letter(queue, event.to_text(), attributes)
        except ClientError as failure:
            _LOG.warning("the rule %s could not send an event to %s: %s", rule.name, queue, failure)


def _rule_itself(rule: MatchedRule, event: Event) -> ServiceCaller:
    return ServiceCaller("events.amazonaws.com", rule.arn, event.account)


def _caller(rule: MatchedRule, target: Target, event: Event) -> Caller:
    """Return in whose name a target is called: its role's, or the rule's."""
    itself, role = _rule_itself(rule, event), target.role_arn
    if role is None:
        return itself
    if not check(itself, Access("sts:AssumeRole", role)).is_allowed:
        raise DeliveryError("NO_PERMISSIONS", f"{role} cannot be assumed by {itself.principal}", is_retriable=False)
    return service_session(role, rule.arn)
