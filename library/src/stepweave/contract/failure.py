"""What is known of a task that failed for good, in the form in which Step Functions catches it."""

from collections.abc import Mapping
from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, Field

MAX_CAUSE_BYTES: Final = 8 * 1024
"""How long the cause of an agent's failure is at most in a state's input: as a JSON string, with quotes and escapes.

Step Functions would admit 32 KiB. The runtime cuts message and stack trace so that a caught error leaves room for
results; the log has all of it."""

TRACE_ID: Final = "trace_id"
ERROR: Final = "error"
"""Attributes of the record of a failed attempt in the idempotency table: its X-Ray trace, and the error's name."""


def failure_id(execution: str, task: str) -> str:
    """Return the key of the record of a task's last failed attempt in the idempotency table."""
    return f"failure#{execution}#{task}"


class TaskFailure(BaseModel):
    """The error of an optional task, handed to the tasks that depend on it.

    The aliases are the names that Step Functions gives the fields of a caught error.
    """

    model_config = ConfigDict(frozen=True, populate_by_name=True)

    error: Annotated[str, Field(alias="Error")]
    cause: Annotated[str, Field(alias="Cause")] = ""

    @staticmethod
    def looks_like(value: object) -> bool:
        """Tell whether a JSON value is a caught error: the field ``Error``, and at most ``Cause`` beside it."""
        return isinstance(value, Mapping) and "Error" in value and set(value) <= {"Error", "Cause"}
