"""The error objects that Lambda itself gives for a function that did not answer, in AWS's words."""

import json
import signal
from pathlib import Path

from stepweave.local_cloud.lambda_runtime.invocation import RESPONSE_BYTES

OUT_OF_MEMORY = "Runtime.OutOfMemory"
EXIT_ERROR = "Runtime.ExitError"
TIMED_OUT = "Sandbox.Timedout"
TASK_ROOT = b"/var/task/"
RESPONSE_TOO_LARGE = "Function.ResponseSizeTooLarge"

# As the platform, which is written in Go, spells them.
_SIGNALS = {
    signal.SIGABRT: "aborted (core dumped)",
    signal.SIGBUS: "bus error (core dumped)",
    signal.SIGFPE: "floating point exception (core dumped)",
    signal.SIGHUP: "hangup",
    signal.SIGILL: "illegal instruction (core dumped)",
    signal.SIGINT: "interrupt",
    signal.SIGKILL: "killed",
    signal.SIGSEGV: "segmentation fault (core dumped)",
    signal.SIGTERM: "terminated",
}


def error_payload(kind: str, message: str) -> bytes:
    """The error object of the platform's own errors."""
    return json.dumps({"errorType": kind, "errorMessage": message}, separators=(",", ":")).encode()


def exit_reason(return_code: int | None) -> str:
    """Why a worker ended, from its return code (negative: a signal's number)."""
    if return_code is None or return_code == 0:
        return "Runtime exited without providing a reason"
    if return_code > 0:
        return f"Runtime exited with error: exit status {return_code}"
    name = _SIGNALS.get(signal.Signals(-return_code), f"signal {-return_code}")
    return f"Runtime exited with error: signal: {name}"


def exit_error(request_id: str, return_code: int | None) -> bytes:
    """The worker ended before it answered."""
    return error_payload(EXIT_ERROR, f"RequestId: {request_id} Error: {exit_reason(return_code)}")


def out_of_memory(request_id: str) -> bytes:
    """The worker used more memory than the function has."""
    return error_payload(OUT_OF_MEMORY, f"RequestId: {request_id} Error: {exit_reason(-signal.SIGKILL)}")


def timed_out(request_id: str, timeout_seconds: float) -> bytes:
    """The function ran out of time."""
    return error_payload(
        TIMED_OUT, f"RequestId: {request_id} Error: Task timed out after {timeout_seconds:.2f} seconds"
    )


def response_too_large() -> bytes:
    """The handler's result is over the limit."""
    message = f"Response payload size exceeded maximum allowed payload size ({RESPONSE_BYTES} bytes)."
    return error_payload(RESPONSE_TOO_LARGE, message)


def with_request_id(body: bytes, request_id: str) -> bytes:
    """The error object that a runtime posted before it knew of a request, with the request's id."""
    try:
        error = json.loads(body)
    except ValueError:
        return body
    if not isinstance(error, dict):
        return body
    return json.dumps({**error, "requestId": error.get("requestId") or request_id}, ensure_ascii=False).encode()


def in_task_root(body: bytes, code_directory: Path) -> bytes:
    """The error object with the code where it is in AWS: in ``/var/task``."""
    return body.replace(f"{json.dumps(str(code_directory))[1:-1]}/".encode(), TASK_ROOT)


def error_type(body: bytes) -> str:
    """The name of the error in an error object; empty if there is none."""
    try:
        return str(json.loads(body).get("errorType", ""))
    except (ValueError, AttributeError):
        return ""
