"""Carries events from buses to the targets of their rules, in the background, as EventBridge does."""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from botocore.exceptions import ClientError

from stepweave.local_cloud.delayed_calls import DelayedCalls
from stepweave.local_cloud.events.delivery import Clients, Delivery, DeliveryError
from stepweave.local_cloud.events.event import Event
from stepweave.local_cloud.events.target import Target
from stepweave.local_cloud.events.target_input import InvalidInputError, target_input

FIRST_RETRY_SECONDS = 1.0
LONGEST_RETRY_SECONDS = 300.0
RUNNING_AT_ONCE = 8

_LOG = logging.getLogger(__name__)


class MatchedRule(Protocol):
    """A rule that matches an event."""

    @property
    def name(self) -> str:
        """The rule's name."""

    @property
    def arn(self) -> str:
        """The rule's ARN."""


@dataclass
class _Attempt:
    """A delivery on its way."""

    rule: MatchedRule
    target: Target
    event: Event
    begun: float = field(default_factory=lambda: time.monotonic())  # noqa: PLW0108 - tests put `time` on another clock
    retries: int = 0


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
        self._first_retry_seconds = first_retry_seconds
        self._calls = DelayedCalls("events", RUNNING_AT_ONCE)

    def send(self, rule: MatchedRule, target: Target, event: Event) -> None:
        """Have an event delivered to a target of a rule that matches it; returns at once."""
        self._later(_Attempt(rule, target, event), 0.0)

    def call(self, call: Callable[[], None]) -> None:
        """Have something else done in the background, as handing an event to another bus."""
        self._calls.put(call)

    def stop(self) -> None:
        """Begin no more deliveries."""
        self._calls.stop()

    def close(self) -> None:
        """Finish the deliveries that are under way; those that wait for a retry are dropped."""
        self._calls.close()

    def _later(self, attempt: _Attempt, delay: float) -> None:
        self._calls.put(lambda: self._try(attempt), delay)

    def _try(self, attempt: _Attempt) -> None:
        try:
            text = target_input(attempt.target, attempt.event, attempt.rule.name, attempt.rule.arn)
            self._delivery.deliver(attempt.target, text, attempt.event)
        except InvalidInputError as error:
            self._give_up(attempt, DeliveryError("INVALID_JSON", str(error), is_retriable=False), "")
        except DeliveryError as error:
            self._retry_or_give_up(attempt, error)

    def _retry_or_give_up(self, attempt: _Attempt, error: DeliveryError) -> None:
        if not error.is_retriable:
            self._give_up(attempt, error, "")
            return
        delay = min(self._first_retry_seconds * 2**attempt.retries, LONGEST_RETRY_SECONDS)
        delay *= random.uniform(0.5, 1.0)  # noqa: S311 - jitter
        if attempt.retries >= attempt.target.maximum_retry_attempts:
            self._give_up(attempt, error, "MaximumRetryAttempts")
        elif time.monotonic() + delay - attempt.begun > attempt.target.maximum_event_age_seconds:
            self._give_up(attempt, error, "MaximumEventAgeInSeconds")
        else:
            attempt.retries += 1
            self._later(attempt, delay)

    def _give_up(self, attempt: _Attempt, error: DeliveryError, exhausted: str) -> None:
        queue = attempt.target.dead_letter_arn
        _LOG.debug("the rule %s could not deliver to %s: %s", attempt.rule.name, attempt.target.arn, error)
        if queue is None:
            return
        attributes = {
            "RULE_ARN": attempt.rule.arn,
            "TARGET_ARN": attempt.target.arn,
            "ERROR_CODE": error.code,
            "ERROR_MESSAGE": str(error),
            "EXHAUSTED_RETRY_CONDITION": exhausted,
            "RETRY_ATTEMPTS": str(attempt.retries),
        }
        try:
            self._delivery.send_dead_letter(queue, attempt.event.to_text(), attributes)
        except ClientError as failure:
            _LOG.warning("the rule %s could not send an event to %s: %s", attempt.rule.name, queue, failure)
