"""What is known of a task that failed for good, in the form in which Step Functions catches it."""

from collections.abc import Mapping
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field


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
