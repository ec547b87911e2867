"""What a call of a function gives back, and the ways in which Lambda refuses to make it."""

import base64
from dataclasses import dataclass

LOG_TAIL_BYTES = 4096
SYNCHRONOUS_PAYLOAD_BYTES = 6 * 1024 * 1024
ASYNCHRONOUS_PAYLOAD_BYTES = 1024 * 1024
RESPONSE_BYTES = 6 * 1024 * 1024 + 100


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
    log : str
        All that the call wrote to the log, including the lines START, END and REPORT.
    """

    request_id: str
    payload: bytes
    function_error: str | None
    executed_version: str
    duration_ms: float
    log: str

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


def request_too_large(limit: int) -> InvocationRefused:
    """The error of a payload of more than `limit` bytes."""
    message = f"Request must be smaller than {limit} bytes for the InvokeFunction operation"
    return InvocationRefused("RequestTooLargeException", message, 413)
