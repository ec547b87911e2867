"""A call of a function, what it gives back, and the ways in which Lambda refuses to make it."""

import base64
from dataclasses import dataclass

from stepweave.local_cloud.lambda_runtime.log_batch import LogEvent

LOG_TAIL_BYTES = 4096
SYNCHRONOUS_PAYLOAD_BYTES = 6 * 1024 * 1024
ASYNCHRONOUS_PAYLOAD_BYTES = 1024 * 1024
RESPONSE_BYTES = 6 * 1024 * 1024 + 100


@dataclass(frozen=True)
class Call:
    """One call of a function.

    Attributes
    ----------
    request_id : str
        Its id, a UUID.
    payload : bytes
        The event, JSON; empty stands for ``{}``.
    trace_header : str or None
        The X-Ray trace header that came with it.
    client_context : str or None
        JSON, for mobile clients.
    """

    request_id: str
    payload: bytes
    trace_header: str | None = None
    client_context: str | None = None


@dataclass(frozen=True)
class InvocationResult:
    """The outcome of one synchronous call.

    Attributes
    ----------
    request_id : str
        The call's id, a UUID.
    payload : bytes
        JSON: the function's result, or the error object if `function_error` is set.
    function_error : str or None
        ``Unhandled`` if the function failed in any way, else None.
    executed_version : str
        ``$LATEST`` or the number of a published version.
    duration_ms : float
        The time between the event's delivery and the function's answer.
    events : tuple of LogEvent
        All that the call wrote to the log, including the lines START, END and REPORT.
    """

    request_id: str
    payload: bytes
    function_error: str | None
    executed_version: str
    duration_ms: float
    events: tuple[LogEvent, ...] = ()

    @property
    def log(self) -> str:
        """All that the call wrote to the log, as text."""
        return "".join(f"{event.message}\n" for event in self.events)

    @property
    def log_result(self) -> str:
        """The last 4 KiB of the log in base64: the header ``X-Amz-Log-Result``."""
        return base64.b64encode(self.log.encode()[-LOG_TAIL_BYTES:]).decode()


class InvocationRefused(Exception):  # noqa: N818 - it is Lambda's answer, not an error of the host
    """Lambda answers the call with an error of its own; the function did not run.

    Attributes
    ----------
    code : str
        The name of the AWS error, as ``TooManyRequestsException``.
    message : str
        What AWS says.
    status : int
        The HTTP status.
    reason : str or None
        The member ``Reason`` of a throttling error.
    """

    def __init__(self, code: str, message: str, status: int, reason: str | None = None) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.status = status
        self.reason = reason


def throttled(reason: str) -> InvocationRefused:
    """The error of a call that exceeds a concurrency limit; `reason` names the limit."""
    return InvocationRefused("TooManyRequestsException", "Rate Exceeded.", 429, reason)


def request_too_large() -> InvocationRefused:
    """The error of a synchronous call whose payload is too large."""
    message = f"Request must be smaller than {SYNCHRONOUS_PAYLOAD_BYTES} bytes for the InvokeFunction operation"
    return InvocationRefused("RequestEntityTooLargeException", message, 413)


def event_too_large(size: int) -> InvocationRefused:
    """The error of an asynchronous call whose payload of `size` bytes is too large."""
    message = (
        f"{size} byte payload is too large for the Event invocation type (limit {ASYNCHRONOUS_PAYLOAD_BYTES} bytes)"
    )
    return InvocationRefused("RequestEntityTooLargeException", message, 413)
