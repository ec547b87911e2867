"""Inputs that are too large for a message are put in S3, and their reference into the message."""

import json
from typing import Final

from pydantic import JsonValue

from stepweave.contract.dead_letter import DEAD_LETTER_PREFIX
from stepweave.contract.execution import execution_path
from stepweave.contract.value_paths import is_reference
from stepweave.runtime.payload import stored

LARGEST_BYTES: Final = 64 * 1024
"""What travels in the message itself: a letter holds two inputs and a cause, and a message may have 256 KiB."""


def stored_if_large(value: JsonValue, execution: str) -> JsonValue:
    """Return a value, or the reference to it if its JSON is longer than `LARGEST_BYTES`.

    Parameters
    ----------
    value : JsonValue
        The input of an execution or a task.
    execution : str
        The execution's ARN; its state machine and name are part of the object's key.

    Raises
    ------
    TransientError
        If S3 could not be written this time.
    """
    # As the message holds it; and data must not be taken for a reference there.
    if len(json.dumps(value)) <= LARGEST_BYTES and not is_reference(value):
        return value
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")
    return stored(text, f"{DEAD_LETTER_PREFIX}/{execution_path(execution)}")
