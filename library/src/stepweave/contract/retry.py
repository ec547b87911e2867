"""How a task is tried again."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from stepweave.contract.option_checks import (
    check_number,
    check_retried_errors,
    check_whole_number,
    check_whole_seconds,
)

TRANSIENT_ERRORS: Final = ("TransientError",)
"""What a task is tried again after unless its author says otherwise: the agent says that another attempt may cure it.
An error of the agent's own logic is none of them. What the platform does wrong needs no naming: see below."""

PLATFORM_ERRORS: Final = (
    "Lambda.TooManyRequestsException",
    "Lambda.ServiceException",
    "Lambda.AWSLambdaException",
    "Lambda.SdkClientException",
    "Lambda.ClientExecutionTimeoutException",
    "PlatformError",
    "IdempotencyAlreadyInProgressError",
    "OverlappingAttemptError",
)
"""Errors that are no fault of the task: Lambda throttled the call or failed; an AWS service did on which the runtime
depends; or the attempt did nothing, because an earlier one was, or may have been, under way. They are always tried
again, by a rule of their own, and spend none of the author's attempts."""


@dataclass(frozen=True)
class Retry:
    """Exponential backoff with full jitter.

    Parameters
    ----------
    attempts : int
        How many times the task is tried again after one of `errors`, at most 99,999,999; 0 for never. What the platform
        does wrong is tried again in any case, and does not count.
    interval : timedelta
        The wait before the second attempt: whole seconds, 1 to 99,999,999.
    backoff : float
        The factor by which the wait grows from attempt to attempt, 1 to 1,000.
    max_delay : timedelta
        The longest wait: whole seconds, fewer than 31,622,400 (366 days), longer than `interval`.
    errors : tuple[str, ...]
        The names of the errors that are retried, beside `PLATFORM_ERRORS`, which always are. ``States.ALL``, which
        means every error, must stand alone.

    Raises
    ------
    ValueError
        If Step Functions would refuse a value. ``errors="TransientError"`` is a text, and no tuple of one.
    TypeError
        If a value is of another type.
    """

    attempts: int = 3
    interval: timedelta = timedelta(seconds=1)
    backoff: float = 2.0
    max_delay: timedelta = timedelta(seconds=60)
    errors: tuple[str, ...] = TRANSIENT_ERRORS

    def __post_init__(self) -> None:
        check_whole_number("retry: attempts", self.attempts, 0, 99_999_999)
        check_number("retry: backoff", self.backoff, 1, 1_000)
        check_whole_seconds("retry: interval", self.interval, 1, 99_999_999)
        check_whole_seconds("retry: max_delay", self.max_delay, 1, 31_622_399)
        if self.max_delay <= self.interval:
            raise ValueError(f"retry: max_delay {self.max_delay} must be longer than interval {self.interval}")
        check_retried_errors("retry: errors", self.errors)
        if self.attempts and not self.errors:
            raise ValueError("retry: errors must name at least one error to retry, or set attempts=0")
