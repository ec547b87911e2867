"""The queue of asynchronous events: runs them, tries them again, tells destinations, and dead-letters what fails."""

import json
import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from stepweave.local_cloud.delayed_calls import DelayedCalls
from stepweave.local_cloud.lambda_runtime.function_spec import FunctionSpec
from stepweave.local_cloud.lambda_runtime.invocation import InvocationRefused, InvocationResult
from stepweave.local_cloud.lambda_runtime.invocation_record import (
    Condition,
    DeliverRecord,
    InvocationRecord,
    discard_record,
)
from stepweave.local_cloud.permissions.callers import RoleSession

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
    caller : RoleSession or None
        In whose name it is sent.
    """

    target_arn: str
    payload: bytes
    request_id: str
    error_code: int
    error_message: str
    caller: RoleSession | None = None


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

    Attributes
    ----------
    deliver_record : callable
        Takes an `InvocationRecord`, for the function's destinations; drops it unless set to another.
    """

    def __init__(
        self,
        invoke: Invoke,
        deliver_dead_letter: DeliverDeadLetter,
        retry_delays_seconds: Sequence[float] = AWS_RETRY_DELAYS_SECONDS,
    ) -> None:
        self._invoke = invoke
        self._deliver_dead_letter = deliver_dead_letter
        self.deliver_record: DeliverRecord = discard_record
        self._retry_delays = tuple(retry_delays_seconds) or (0.0,)
        self._calls = DelayedCalls("lambda-event", RUNNING_AT_ONCE)

    def put(self, event: AsyncEvent, delay_seconds: float = 0.0) -> None:
        """Have an event run after `delay_seconds`."""
        self._calls.put(lambda: self._attempt(event), delay_seconds)

    def stop(self) -> None:
        """Run no more events: those that wait, or fail from now on, are dropped."""
        self._calls.stop()

    def close(self) -> None:
        """Stop, and wait for the events that are running."""
        self._calls.close()

    def _attempt(self, event: AsyncEvent) -> None:
        if not self._calls.is_open:
            return
        try:
            result = self._invoke(event)
        except InvocationRefused as refused:
            event.throttles += 1
            if event.spec.reserved_concurrency == 0:
                self._give_up(event, Condition.NO_CONCURRENCY, refused.status, refused.message, None)
                return
            delay = min(THROTTLED_DELAY_SECONDS * 2 ** (event.throttles - 1), THROTTLED_MAX_DELAY_SECONDS)
            self._retry_or_give_up(event, delay, refused.status, refused.message, None)
        else:
            event.attempts += 1
            if result.function_error is None:
                self._record(event, event.spec.on_success_arn, Condition.SUCCESS, result)
                return
            message = _error_message(result.payload)
            if event.attempts > event.spec.maximum_retry_attempts:
                self._give_up(event, Condition.RETRIES_EXHAUSTED, 200, message, result)
                return
            delay = self._retry_delays[min(event.attempts, len(self._retry_delays)) - 1]
            self._retry_or_give_up(event, delay, 200, message, result)

    def _retry_or_give_up(
        self, event: AsyncEvent, delay: float, status: int, message: str, result: InvocationResult | None
    ) -> None:
        age = time.monotonic() - event.queued_at
        if age + delay <= event.spec.maximum_event_age_seconds:
            self.put(event, delay)
        else:
            self._give_up(event, Condition.EVENT_AGE_EXCEEDED, status, message, result)

    def _give_up(
        self, event: AsyncEvent, condition: Condition, status: int, message: str, result: InvocationResult | None
    ) -> None:
        self._record(event, event.spec.on_failure_arn, condition, result)
        if event.spec.dead_letter_arn is None or not self._calls.is_open:
            return
        letter = DeadLetter(
            event.spec.dead_letter_arn,
            event.payload,
            event.request_id,
            status,
            message[:ERROR_MESSAGE_CHARACTERS],
            event.spec.session,
        )
        try:
            self._deliver_dead_letter(letter)
        except Exception:  # noqa: BLE001 - the event is lost, and nobody else can tell
            _log.exception("an event of %s could not be sent to %s", event.spec.name, letter.target_arn)

    def _record(
        self, event: AsyncEvent, target_arn: str | None, condition: Condition, result: InvocationResult | None
    ) -> None:
        if target_arn is None or not self._calls.is_open:
            return
        arn = f"{event.spec.arn}:{event.spec.version}"
        caller = event.spec.session
        record = InvocationRecord(
            target_arn, arn, event.request_id, condition, event.attempts, event.payload, result, caller
        )
        try:
            self.deliver_record(record)
        except Exception:  # noqa: BLE001 - a destination that is missing must not keep the event from its queue
            _log.exception("the record of an event of %s could not be sent to %s", event.spec.name, target_arn)


def _error_message(payload: bytes) -> str:
    try:
        return str(json.loads(payload)["errorMessage"])
    except (ValueError, KeyError, TypeError):
        return payload.decode("utf-8", errors="replace")
