"""Calls in the background that are made again while what they need is busy, and given up by a policy."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from stepweave.local_cloud.delayed_calls import DelayedCalls
from stepweave.local_cloud.events.delivery_error import DeliveryError

AWS_RETRY_ATTEMPTS = 185
AWS_EVENT_AGE_SECONDS = 24 * 3600.0
FIRST_RETRY_SECONDS = 1.0
LONGEST_RETRY_SECONDS = 300.0
RUNNING_AT_ONCE = 8


@dataclass(frozen=True)
class RetryPolicy:
    """When a call that fails is given up.

    Attributes
    ----------
    attempts : int
        How often it is made again.
    age_seconds : float
        For how long.
    """

    attempts: int = AWS_RETRY_ATTEMPTS
    age_seconds: float = AWS_EVENT_AGE_SECONDS

    @classmethod
    def of_settings(cls, settings: dict[str, Any] | None) -> RetryPolicy:
        """The policy that an API's ``RetryPolicy`` describes."""
        given = settings or {}
        return cls(
            int(given.get("MaximumRetryAttempts", AWS_RETRY_ATTEMPTS)),
            float(given.get("MaximumEventAgeInSeconds", AWS_EVENT_AGE_SECONDS)),
        )


@dataclass(frozen=True)
class GivenUp:
    """Why a call is made no more.

    Attributes
    ----------
    error : DeliveryError
        The last one.
    exhausted : str
        Which part of the policy was used up; empty if the error is not worth another attempt.
    retries : int
        How often it was made again.
    """

    error: DeliveryError
    exhausted: str
    retries: int


class RetriedCalls:
    """Makes calls, each until it succeeds or is given up.

    Parameters
    ----------
    name
        What the threads are called.
    first_retry_seconds
        The wait before the first retry; the waits grow exponentially.
    """

    def __init__(self, name: str, first_retry_seconds: float = FIRST_RETRY_SECONDS) -> None:
        self._first_retry_seconds = first_retry_seconds
        self._calls = DelayedCalls(name, RUNNING_AT_ONCE)

    def put(
        self,
        call: Callable[[int], None],
        give_up: Callable[[GivenUp], None],
        policy: RetryPolicy,
        delay_seconds: float = 0.0,
    ) -> None:
        """Have a call made; returns at once.

        Parameters
        ----------
        call
            Gets how often it was made before. Fails by a `DeliveryError`.
        give_up
            Called if it is given up.
        policy
            When that is.
        delay_seconds
            The wait before the first attempt.
        """
        begun = time.monotonic() + delay_seconds

        def attempt(retries: int) -> None:
            try:
                call(retries)
            except DeliveryError as error:
                delay = min(self._first_retry_seconds * 2**retries, LONGEST_RETRY_SECONDS)
                delay *= random.uniform(0.5, 1.0)  # noqa: S311 - jitter
                if not error.is_retriable:
                    give_up(GivenUp(error, "", retries))
                elif retries >= policy.attempts:
                    give_up(GivenUp(error, "MaximumRetryAttempts", retries))
                elif time.monotonic() + delay - begun > policy.age_seconds:
                    give_up(GivenUp(error, "MaximumEventAgeInSeconds", retries))
                else:
                    self._calls.put(lambda: attempt(retries + 1), delay)

        self._calls.put(lambda: attempt(0), delay_seconds)

    def put_once(self, call: Callable[[], None]) -> None:
        """Have something else done in the background."""
        self._calls.put(call)

    def stop(self) -> None:
        """Begin no more calls."""
        self._calls.stop()

    def close(self) -> None:
        """Finish the calls that are under way; those that wait are dropped."""
        self._calls.close()
