"""The circuit breaker: it stops calling what is down, for the whole fleet at once."""

from __future__ import annotations

import logging
import math
import random
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Final, ParamSpec, Protocol, TypeVar

from stepweave.contract.breaker import CircuitBreakerConfig
from stepweave.contract.breaker_item import State
from stepweave.contract.breaker_transition import Transition, milliseconds
from stepweave.runtime import breaker_protocol as protocol
from stepweave.runtime.breaker_errors import CircuitOpenError, counts_all_but
from stepweave.runtime.breaker_protocol import Admission, BreakerProtocol, Caller, Known, Read, Rejection, Seen, Verdict
from stepweave.runtime.breaker_store import BreakerStore

__all__ = ["BreakerObserver", "CircuitBreaker", "CircuitBreakerConfig", "CircuitOpenError", "State"]

P = ParamSpec("P")
R = TypeVar("R")
T = TypeVar("T")

CACHE_SECONDS: Final = 0.02
"""The cache interval: how long a breaker that was seen closed, and without failures, is taken to be so."""

OPEN_CACHE_SECONDS: Final = 1.0
"""How long one that was seen open is taken to be so: after that a person may have closed it."""

CLOCK_SKEW_SECONDS: Final = 5.0
"""By how much the clocks of two environments may differ. AWS keeps them within milliseconds of each other."""

LONGEST_CALL_SECONDS: Final = 900.0
"""How long an invocation of a Lambda function can last."""

_JITTER: Final = 0.1

_log = logging.getLogger(__name__)


class BreakerObserver(Protocol):
    """Who is told what a breaker does. It must not raise."""

    def changed(self, name: str, transition: Transition) -> None:
        """Be told of a transition, by the one environment that made it."""

    def rejected(self, error: CircuitOpenError) -> None:
        """Be told of a call that was refused."""

    def unavailable(self, name: str, error: Exception) -> None:
        """Be told that the store could not be used."""


class CircuitBreaker:
    """A circuit breaker whose state is shared by every execution environment that knows its name.

    CLOSED
        Calls go through. Failures of the whole fleet are counted over a sliding window; `failure_threshold` of them
        open the breaker.
    OPEN
        Calls are refused, until `recovery_timeout` is over.
    HALF_OPEN
        At most `half_open_max_calls` calls at a time go through, over the whole fleet, as probes. `success_threshold`
        successes close the breaker, one failure opens it again. A probe whose owner died is given back when its owner's
        invocation has certainly been cut off.

    Parameters
    ----------
    name : str
        What is guarded.
    store : BreakerStore
        Where the state is kept.
    config : CircuitBreakerConfig
        When it opens and closes.
    clock : Callable[[], float]
        The time in seconds since the epoch.
    counts : Callable[[BaseException], bool]
        Tells whether an error of a call counts as a failure. One that does not is no success either: in half-open, the
        probe is given back without a verdict.
    fail_open : bool
        Whether calls go through while the store fails and nothing is known. What is known is kept to: a breaker that
        was seen open stays so until `retry_after`, and without the store no call becomes a probe.
    observer : BreakerObserver | None
        Who is told of transitions, refusals and failures of the store.
    cache_seconds : float
        The cache interval. 0 reads before each call.
    clock_skew_seconds : float
        By how much the clocks of two environments may differ.

    Notes
    -----
    *Operations.* Closed and healthy, a call costs no write, and an environment reads at most once per cache interval,
    eventually consistent. Closed with failures in the window, a call reads once, consistent. Open, an environment reads
    at most once a second and writes nothing. A failure costs one write; the one that opens the breaker, one more.
    A probe costs a read, the write that admits it and the write that ends it; the one that closes the breaker, one
    more; each write may have to be repeated for each probe that was faster, at most ``half_open_max_calls + 3`` times.

    *Opening.* Calls that come in turn reach a dead backend at most `failure_threshold` times, plus those in flight,
    however many environments there are. Who has seen a failure reads before each call, consistent, so all that can be
    wrong is a CLOSED that was read before the first failure was recorded; and that is forgotten a cache interval after
    it at the latest. The interval is so short that calls in turn take longer to fail `failure_threshold` times: each of
    these is a call and a write. So what it saves is the reads of an agent that makes many quick calls in one
    invocation; with `cache_seconds=0` there is no interval, and the bound holds whatever time calls take. (An
    eventually consistent read may be some milliseconds old, which adds to the interval; only an environment reads so
    that knows of no failure.)

    *Closing.* Nothing is cached while half-open and nothing beyond `retry_after`, so the first call that comes after
    `recovery_timeout` is a probe, however slow calls are: a probe's slot lasts as long as the call.

    *Stale results.* Each write bears the generation that admitted its call, and does nothing in another.

    Example
    -------
    >>> breaker = CircuitBreaker("github-api", store)  # doctest: +SKIP
    >>> breaker.call(fetch, "https://api.github.com/zen")  # doctest: +SKIP
    """

    def __init__(  # noqa: PLR0913 - what varies, by keyword
        self,
        name: str,
        store: BreakerStore,
        config: CircuitBreakerConfig | None = None,
        clock: Callable[[], float] = time.time,
        *,
        counts: Callable[[BaseException], bool] | None = None,
        fail_open: bool = True,
        observer: BreakerObserver | None = None,
        cache_seconds: float = CACHE_SECONDS,
        clock_skew_seconds: float = CLOCK_SKEW_SECONDS,
    ) -> None:
        self.name = name
        self.config = config or CircuitBreakerConfig()
        self._store = store
        self._clock = clock
        self._counts = counts or counts_all_but()
        self._fail_open = fail_open
        self._observer = observer
        self._protocol = BreakerProtocol(
            self.config,
            self._now,
            clock_skew=_milliseconds(clock_skew_seconds),
            healthy_for=_milliseconds(cache_seconds),
            open_for=_milliseconds(OPEN_CACHE_SECONDS),
        )
        self._known: Known | None = None

    def call(self, func: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Call a function, unless the breaker is open.

        Raises
        ------
        CircuitOpenError
            If the call is refused.
        """
        with self.guard():
            return func(*args, **kwargs)

    @contextmanager
    def guard(self, owner: str = "", lease_seconds: float = LONGEST_CALL_SECONDS) -> Iterator[Admission | None]:
        """Guard what happens while the context lasts.

        Parameters
        ----------
        owner : str
            Who calls: see :func:`~stepweave.contract.breaker.probe_owner`.
        lease_seconds : float
            How long the call can last at most: the time that is left to the invocation. A probe that is not ended by
            then is taken for dead.

        Yields
        ------
        Admission | None
            By what the call was let through; None if the store failed.

        Raises
        ------
        CircuitOpenError
            If the call is refused.
        """
        admission = self._admit(Caller(uuid.uuid4().hex, owner, _milliseconds(lease_seconds)))
        try:
            yield admission
        except BaseException as error:
            verdict = Verdict.FAILURE if self._counts(error) else Verdict.NONE
            self._finish(admission, verdict, type(error).__name__)
            raise
        self._finish(admission, Verdict.SUCCESS)

    def _admit(self, caller: Caller) -> Admission | None:
        decision: Admission | Rejection | None
        try:
            decision = self._run(self._protocol.admit(caller, self._known))
        except _StoreError as error:
            self._failed("admit a call", error)
            decision = self._without_store(error)
        if isinstance(decision, Rejection):
            refusal = CircuitOpenError(self.name, self._spread(decision.retry_at))
            if self._observer:
                self._observer.rejected(refusal)
            raise refusal
        return decision

    def _without_store(self, error: _StoreError) -> Rejection | None:
        """Decide while the store fails: by what is known, or else by choice."""
        known, now = self._known, self._now()
        later = Rejection(now + milliseconds(self.config.recovery_timeout))
        if error.writing:  # it was read just now that the breaker is not closed, or has to open
            return later
        if known and known.item.state is State.OPEN and (known.item.forced or now < known.item.retry_at):
            return later if known.item.forced else Rejection(known.item.retry_at)
        return None if self._fail_open else later

    def _finish(self, admission: Admission | None, verdict: Verdict, reason: str = "") -> None:
        if admission is None:
            return
        try:
            self._run(self._protocol.finish(admission, verdict, self._known, reason))
        except _StoreError as error:  # what the call returned or raised matters more
            self._failed("record how a call ended", error)

    def _run(self, steps: protocol.Protocol[T]) -> T:
        try:
            operation = next(steps)
            while True:
                operation = steps.send(self._do(operation))
        except StopIteration as end:
            result: T = end.value
            return result

    def _do(self, operation: protocol.Operation) -> Seen:
        asked = self._now()
        try:
            if isinstance(operation, Read):
                seen = self._store.read(self.name, consistent=operation.consistent)
            else:
                change = operation.change if isinstance(operation, Transition) else operation
                seen = self._store.write(self.name, change)
        except Exception as error:
            raise _StoreError(error, writing=not isinstance(operation, Read)) from error
        self._known = Known(seen.item, asked)
        if isinstance(operation, Transition) and seen.applied and self._observer:
            self._observer.changed(self.name, operation)
        return seen

    def _failed(self, doing: str, error: _StoreError) -> None:
        _log.warning("circuit breaker %s: could not %s: %s", self.name, doing, error.cause)
        if self._observer:
            self._observer.unavailable(self.name, error.cause)

    def _spread(self, retry_at: int) -> datetime:
        """Return a little later than a time, in whole seconds, so that those who wait do not all come at once."""
        later = retry_at / 1000 + random.random() * _JITTER * self.config.recovery_timeout.total_seconds()  # noqa: S311
        return datetime.fromtimestamp(math.ceil(later), UTC)

    def _now(self) -> int:
        return _milliseconds(self._clock())


def _milliseconds(seconds: float) -> int:
    return round(seconds * 1000)


class _StoreError(Exception):
    """The store could not be used this time."""

    def __init__(self, cause: Exception, *, writing: bool) -> None:
        super().__init__(str(cause))
        self.cause = cause
        self.writing = writing
