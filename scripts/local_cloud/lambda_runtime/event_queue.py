"""The queue of asynchronous events: runs them, tries them again, and dead-letters those that fail for good."""

import heapq
import itertools
import json
import logging
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from scripts.local_cloud.lambda_runtime.function_spec import FunctionSpec
from scripts.local_cloud.lambda_runtime.invocation import InvocationRefused, InvocationResult

AWS_RETRY_DELAYS_SECONDS = (60.0, 120.0)
THROTTLED_DELAY_SECONDS = 1.0
THROTTLED_MAX_DELAY_SECONDS = 300.0
RUNNING_AT_ONCE = 32
ERROR_MESSAGE_CHARACTERS = 1024

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class DeadLetter:
    """An event that failed for good, as Lambda puts it into the function's dead-letter queue.

    Attributes
    ----------
    target_arn : str
        The queue.
    payload : bytes
        The event as it was: the message's body.
    request_id : str
        The message attribute ``RequestID``.
    error_code : int
        The message attribute ``ErrorCode``: the HTTP status of the last attempt.
    error_message : str
        The message attribute ``ErrorMessage``, at most 1 KB.
    """

    target_arn: str
    payload: bytes
    request_id: str
    error_code: int
    error_message: str


@dataclass
class AsyncEvent:
    """An event on its way; `attempts` counts the times that the function ran."""

    spec: FunctionSpec
    payload: bytes
    request_id: str
    trace_header: str | None
    queued_at: float = field(default_factory=time.monotonic)
    attempts: int = 0
    throttles: int = 0


Invoke = Callable[[AsyncEvent], InvocationResult]
DeliverDeadLetter = Callable[[DeadLetter], None]


class EventQueue:
    """Runs asynchronous events in threads of its own.

    Parameters
    ----------
    invoke : callable
        Makes one attempt; may raise `InvocationRefused`.
    deliver_dead_letter : callable
    retry_delays_seconds : sequence of float
        The waits before the first, second, ... retry; the last one holds for all further ones.
    """

    def __init__(
        self,
        invoke: Invoke,
        deliver_dead_letter: DeliverDeadLetter,
        retry_delays_seconds: Sequence[float] = AWS_RETRY_DELAYS_SECONDS,
    ) -> None:
        self._invoke = invoke
        self._deliver_dead_letter = deliver_dead_letter
        self._retry_delays = tuple(retry_delays_seconds) or (0.0,)
        self._condition = threading.Condition()
        self._due: list[tuple[float, int, AsyncEvent]] = []
        self._order = itertools.count()
        self._is_open = True
        self._executor = ThreadPoolExecutor(RUNNING_AT_ONCE, thread_name_prefix="lambda-event")
        self._thread = threading.Thread(target=self._dispatch, name="lambda-events", daemon=True)
        self._thread.start()

    def put(self, event: AsyncEvent, delay_seconds: float = 0.0) -> None:
        """Have an event run after `delay_seconds`."""
        with self._condition:
            heapq.heappush(self._due, (time.monotonic() + delay_seconds, next(self._order), event))
            self._condition.notify()

    def stop(self) -> None:
        """Run no more events: those that wait, or fail from now on, are dropped."""
        with self._condition:
            self._is_open = False
            self._condition.notify()

    def close(self) -> None:
        """Stop, and wait for the events that are running."""
        self.stop()
        self._thread.join()
        self._executor.shutdown(cancel_futures=True)

    def _dispatch(self) -> None:
        with self._condition:
            while self._is_open:
                wait = self._due[0][0] - time.monotonic() if self._due else None
                if wait is None or wait > 0:
                    self._condition.wait(wait)
                else:
                    _at, _order, event = heapq.heappop(self._due)
                    self._executor.submit(self._attempt, event)

    def _attempt(self, event: AsyncEvent) -> None:
        try:
            result = self._invoke(event)
        except InvocationRefused as refused:
            event.throttles += 1
            delay = min(THROTTLED_DELAY_SECONDS * 2 ** (event.throttles - 1), THROTTLED_MAX_DELAY_SECONDS)
            self._retry_or_give_up(event, delay, refused.status, refused.message)
        except Exception:  # noqa: BLE001 - nobody waits for the event: the log is where it can be told
            if self._is_open:
                _log.exception("an event of %s was lost", event.spec.name)
        else:
            event.attempts += 1
            if result.function_error is None:
                return
            is_last = event.attempts > event.spec.maximum_retry_attempts
            delay = self._retry_delays[min(event.attempts, len(self._retry_delays)) - 1]
            self._retry_or_give_up(event, None if is_last else delay, 200, _error_message(result.payload))

    def _retry_or_give_up(self, event: AsyncEvent, delay: float | None, status: int, message: str) -> None:
        if not self._is_open:
            return
        age = time.monotonic() - event.queued_at
        if delay is not None and age + delay <= event.spec.maximum_event_age_seconds:
            self.put(event, delay)
            return
        if event.spec.dead_letter_arn is None:
            return
        letter = DeadLetter(
            event.spec.dead_letter_arn, event.payload, event.request_id, status, message[:ERROR_MESSAGE_CHARACTERS]
        )
        try:
            self._deliver_dead_letter(letter)
        except Exception:  # noqa: BLE001 - the queue must go on
            _log.exception("an event of %s could not be sent to %s", event.spec.name, letter.target_arn)


def _error_message(payload: bytes) -> str:
    try:
        return str(json.loads(payload)["errorMessage"])
    except (ValueError, KeyError, TypeError):
        return payload.decode("utf-8", errors="replace")
