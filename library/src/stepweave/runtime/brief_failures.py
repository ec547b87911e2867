"""Keep what a failing task reports small: Step Functions carries it along wherever the failure is caught.

Lambda reports an error as its class's name, its message and its stack trace, and Step Functions makes that the cause.
It is at most :data:`~stepweave.contract.failure.MAX_CAUSE_BYTES` long, and no longer than the task's result might be,
whose place it takes if the task is optional. (An error of the platform has a short message and no stack trace.)
"""

from __future__ import annotations

import functools
import json
import traceback
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Final, ParamSpec, TypeVar

from stepweave.contract.failure import MAX_CAUSE_BYTES

P = ParamSpec("P")
R = TypeVar("R")

MAX_MESSAGE_CHARACTERS: Final = 1_000
MAX_FRAMES: Final = 10

_MESSAGE_BYTES: Final = 2_500
_NAMES_BYTES: Final = 1_000
"""For the names of the error and of the fields, the request's id, and the frame that raises here."""
_LEAST_BYTES: Final = 500
_CUT: Final = " ... (the log has all of it)"


def brief_failures(handle: Callable[P, R]) -> Callable[P, R]:
    """Make a handler raise errors of the same name, but with a short message and the innermost frames only.

    The handler's first argument is the event of a task, which says how long the result may be.
    """

    @functools.wraps(handle)
    def brief(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return handle(*args, **kwargs)
        except Exception as error:  # noqa: BLE001 - raised again
            raised = error
        room = _room(args[0] if args else None)
        message_bytes = min(_MESSAGE_BYTES, room)
        trace = _innermost(raised.__traceback__, room - message_bytes)
        raise _brief(raised, message_bytes).with_traceback(trace) from raised.__cause__

    return brief


def _room(event: object) -> int:
    """Return how many bytes there are for the message and the stack trace."""
    limit = event.get("result_limit_bytes") if isinstance(event, Mapping) else None
    longest = min(MAX_CAUSE_BYTES, limit) if isinstance(limit, int) else MAX_CAUSE_BYTES
    return max(longest - _NAMES_BYTES, _LEAST_BYTES)


def _brief(error: Exception, message_bytes: int) -> Exception:
    """Return the error, or one of the same name with a message that was cut."""
    message = str(error)
    if len(message) <= MAX_MESSAGE_CHARACTERS and _carried_bytes(message) <= message_bytes:
        return error
    shorter = message[: MAX_MESSAGE_CHARACTERS - len(_CUT)]
    while shorter and _carried_bytes(shorter + _CUT) > message_bytes:
        shorter = shorter[: len(shorter) * 9 // 10]
    # Only its name is known outside: whoever could catch the class itself runs in this process, and has had its turn.
    kind = type(type(error).__name__, (Exception,), {"__module__": type(error).__module__})
    brief: Exception = kind(shorter + _CUT)
    return brief


def _innermost(trace: TracebackType | None, room: int) -> TracebackType | None:
    """Return the innermost frames of a stack trace, as many as fit."""
    frames = list(traceback.walk_tb(trace))
    lines = traceback.format_list(traceback.extract_tb(trace))
    keep = 0
    for line in reversed(lines[-MAX_FRAMES:]):
        room -= _carried_bytes(line)
        if room < 0:
            break
        keep += 1
    for _ in range(len(frames) - keep):
        trace = trace.tb_next if trace else None
    return trace


def _carried_bytes(text: str) -> int:
    """Return how long a text is in a state's input: a string in the JSON of the error, which is itself a string."""
    return len(json.dumps(json.dumps(text)))
