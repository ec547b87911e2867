"""What a breaker raises, and which errors of a call it counts."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Final

from stepweave.contract.breaker import open_message

NEVER_COUNTED: Final = frozenset(
    {
        "CircuitOpenError",
        "ConfigurationError",
        "IdempotencyAlreadyInProgressError",
        "InvalidInputError",
        "InvalidOutputError",
        "ObjectCorruptError",
        "ObjectMissingError",
        "OverlappingAttemptError",
        "PlatformError",
        "ResultNotPublishedError",
    }
)
"""Errors that are the agent's own, or the runtime's: they say nothing about what the breaker guards."""


class CircuitOpenError(Exception):
    """A circuit breaker refused a call, which was not begun. Step Functions matches the name, and never retries it.

    Parameters
    ----------
    name : str
        The breaker's name.
    retry_after : datetime
        When the call may be tried again, in whole seconds.
    why : str
        Who opened it by hand, why, and until when; empty if failures did.
    """

    def __init__(self, name: str, retry_after: datetime, why: str = "") -> None:
        super().__init__(open_message(name, retry_after, why))
        self.name = name
        self.retry_after = retry_after
        self.why = why

    def __reduce__(self) -> tuple[type[CircuitOpenError], tuple[str, datetime, str]]:
        """Keep the parameters when the error is pickled."""
        return type(self), (self.name, self.retry_after, self.why)


def counts_all_but(ignored: Iterable[str] = ()) -> Callable[[BaseException], bool]:
    """Return what tells whether an error counts: it does if neither it nor a class that it derives from is ignored.

    Parameters
    ----------
    ignored : iterable of str
        Names of classes. Those in `NEVER_COUNTED` are ignored in any case, and so is what is no ``Exception``: the end
        of the process, which the state machine records.

    Example
    -------
    >>> counts = counts_all_but(["LookupError"])
    >>> counts(KeyError("a")), counts(TimeoutError())
    (False, True)
    """
    names = NEVER_COUNTED.union(ignored)

    def counts(error: BaseException) -> bool:
        return isinstance(error, Exception) and names.isdisjoint(each.__name__ for each in type(error).__mro__)

    return counts
