"""How a task is tried again."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

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
        How many times the task is tried again after one of `errors`; 0 for never. What the platform does wrong is tried
        again in any case, and does not count.
    interval : timedelta
        The wait before the second attempt, whole seconds.
    backoff : float
        The factor by which the wait grows from attempt to attempt, at least 1.
    max_delay : timedelta
        The longest wait, whole seconds, longer than `interval`.
    errors : tuple[str, ...]
        The names of the errors that are retried, beside `PLATFORM_ERRORS`, which always are.

    Raises
    ------
    ValueError
        If Step Functions would refuse a value.
    """

    attempts: int = 3
    interval: timedelta = timedelta(seconds=1)
    backoff: float = 2.0
    max_delay: timedelta = timedelta(seconds=60)
    errors: tuple[str, ...] = TRANSIENT_ERRORS

    def __post_init__(self) -> None:
        if not 0 <= self.attempts <= 99_999_999:
            raise ValueError(f"retry: attempts must be 0 to 99999999, not {self.attempts}")
        if self.backoff < 1:
            raise ValueError(f"retry: backoff must be at least 1, not {self.backoff}")
        for what, value, most in (
            ("interval", self.interval, 99_999_999),
            ("max_delay", self.max_delay, 31_622_399),
        ):
            seconds = value.total_seconds()
            if seconds != int(seconds) or not 1 <= seconds <= most:
                raise ValueError(f"retry: {what} must be whole seconds, 1 to {most}, not {value}")
        if self.max_delay <= self.interval:
            raise ValueError(f"retry: max_delay {self.max_delay} must be longer than interval {self.interval}")
        if self.attempts and not self.errors:
            raise ValueError("retry: name at least one error to retry, or set attempts=0")
