"""Faults of AWS services: calls that are throttled, fail, take long, or are made twice."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

THROTTLING_ERRORS: Final = {
    "dynamodb": ("ProvisionedThroughputExceededException", 400),
    "lambda": ("TooManyRequestsException", 429),
    "s3": ("SlowDown", 503),
    "sqs": ("RequestThrottled", 403),
    "stepfunctions": ("ThrottlingException", 400),
    "events": ("ThrottlingException", 400),
}
"""The error and the HTTP status with which a service refuses a call that comes too fast."""

FAILURE_ERRORS: Final = {
    "dynamodb": ("InternalServerError", 500),
    "lambda": ("ServiceException", 500),
    "s3": ("InternalError", 500),
    "sqs": ("InternalFailure", 500),
    "stepfunctions": ("InternalFailure", 500),
    "events": ("InternalException", 500),
}
"""The error and the HTTP status with which a service fails."""


class Kind(StrEnum):
    """What happens to a call."""

    REFUSED = "refused"
    """It is answered by an error, and nothing is done."""
    LOST = "lost"
    """It is done, and its answer is lost: the caller gets an error."""
    DELAYED = "delayed"
    REPEATED = "repeated"
    """It is made twice, one right after the other; the caller gets the second answer."""


@dataclass(frozen=True)
class Interference:
    """What happens to one call.

    Parameters
    ----------
    kind : Kind
        What.
    error : str
        The AWS error that the caller gets.
    status : int
        The HTTP status of that.
    seconds : float
        The delay.
    """

    kind: Kind
    error: str = ""
    status: int = 0
    seconds: float = 0.0


@dataclass
class ServiceFault:
    """Some of a service's calls are interfered with.

    Parameters
    ----------
    service : str
        The service's name in boto3.
    interference : Interference
        What happens.
    probability : float
        The share of calls that it happens to, 0 to 1.
    seed : int
        Calls are chosen by it: the same seed chooses the same ones in a sequence of calls.
    operations : frozenset of str
        The only operations that it happens to, such as ``PutItem``; empty for all.
    times : int | None
        How often at the most; None for always.
    """

    service: str
    interference: Interference
    probability: float
    seed: int
    operations: frozenset[str] = frozenset()
    times: int | None = None
    chance: random.Random = field(init=False, repr=False)

    def __post_init__(self) -> None:
        if not 0 <= self.probability <= 1:
            raise ValueError(f"a probability is between 0 and 1, not {self.probability}")
        self.chance = random.Random(self.seed)  # noqa: S311 - repeatable, not secret

    def draw(self, service: str, operation: str) -> Interference | None:
        """Return what happens to a call; None if nothing does."""
        if service != self.service or (self.operations and operation not in self.operations) or self.times == 0:
            return None
        if self.chance.random() >= self.probability:
            return None
        if self.times is not None:
            self.times -= 1
        return self.interference
