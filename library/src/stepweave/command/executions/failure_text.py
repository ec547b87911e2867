"""What a failure means, in plain words."""

import json

_MEANINGS = {
    "States.Timeout": "it took longer than its timeout",
    "States.HeartbeatTimeout": "it gave no sign of life for too long",
    "Sandbox.Timedout": "its function took longer than its timeout",
    "Runtime.ExitError": "its function's process ended in mid-call",
    "Runtime.ImportModuleError": "its function could not be imported",
    "Lambda.TooManyRequestsException": "its function was throttled",
    "States.DataLimitExceeded": "a result was larger than Step Functions passes on",
}


def plain_cause(error: str, cause: str) -> str:
    """Return what happened: the meaning of a well-known error, and the message without what is around it.

    Example
    -------
    >>> plain_cause("ValueError", '{"errorMessage": "no such file", "errorType": "ValueError", "stackTrace": []}')
    'no such file'
    """
    message = _message(cause)
    meaning = _MEANINGS.get(error, "")
    return f"{meaning} ({message})" if meaning and message else meaning or message


def innermost(error: str, cause: str) -> tuple[str, str]:
    """Return the error and the cause with which a nested execution failed, if that is why a task failed.

    Step Functions reports it as ``States.TaskFailed``, with the description of that execution as the cause.
    """
    while error == "States.TaskFailed":
        try:
            nested = json.loads(cause)
        except ValueError:
            break
        if not isinstance(nested, dict) or "ExecutionArn" not in nested or not nested.get("Error"):
            break
        error, cause = str(nested["Error"]), str(nested.get("Cause") or "")
    return error, cause


def _message(cause: str) -> str:
    """A function's failure comes as JSON with the message, the type and the stack trace of its error."""
    try:
        value = json.loads(cause)
    except ValueError:
        return cause.strip()
    if isinstance(value, dict) and isinstance(value.get("errorMessage"), str):
        return str(value["errorMessage"]).strip()
    return cause.strip()
