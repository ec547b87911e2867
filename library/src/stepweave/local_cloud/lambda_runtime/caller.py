"""Callers that may leave before their call has ended.

What a call does is a generator. Before each wait it yields what ends that wait, and is sent the time until which to
wait. So the caller's own thread makes the call, with no hand-over to another one, and can leave it all the same:
then another thread takes the generator over.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator
from contextlib import suppress
from typing import TypeAlias, TypeVar

T = TypeVar("T")

Steps: TypeAlias = Generator[Callable[[], None], float | None, T]
"""The steps of a call. What they yield may be called by any thread, also after the wait; they are sent a time by
:func:`time.monotonic`, or None if nobody leaves. A wait that ends early with nothing to show for it yields again."""


class CallerLeftError(BaseException):
    """The caller left. No error of the call: it passes by whoever handles those."""


class Caller:
    """Who makes a call, and may leave.

    Parameters
    ----------
    seconds
        After which time the caller leaves.

    Example
    -------
    >>> def steps() -> Steps[str]:
    ...     yield lambda: None
    ...     return "done"
    >>> Caller(seconds=10).make(steps(), take_over=lambda rest: rest())
    'done'
    """

    def __init__(self, seconds: float) -> None:
        self._leaves_at = time.monotonic() + seconds
        self._has_left = False
        self._wake: Callable[[], None] | None = None

    def leave(self) -> None:
        """Have the caller leave at once. Called by another thread."""
        # In this order, and in the other one where the caller looks: one of the two sees what the other has done.
        self._has_left = True
        if self._wake is not None:
            self._wake()

    def make(self, steps: Steps[T], take_over: Callable[[Callable[[], object]], None]) -> T:
        """Make a call.

        Parameters
        ----------
        steps
            The call.
        take_over
            Runs an action in another thread: the rest of a call whose caller left.

        Raises
        ------
        CallerLeftError
            If the caller left. The call goes on.
        """
        try:
            wake = next(steps)
            while self._stays(wake):
                wake = steps.send(self._leaves_at)
        except StopIteration as ended:
            result: T = ended.value
            return result
        take_over(lambda: _go_on(steps))
        raise CallerLeftError

    def _stays(self, wake: Callable[[], None]) -> bool:
        self._wake = wake
        return not self._has_left and time.monotonic() < self._leaves_at


def complete(steps: Steps[T]) -> T:
    """Make a call, or the rest of it, and stay until its end."""
    try:
        while True:
            next(steps)
    except StopIteration as ended:
        result: T = ended.value
        return result


def _go_on(steps: Steps[T]) -> None:
    with suppress(Exception):  # the caller, whose error it would be, has left
        complete(steps)
