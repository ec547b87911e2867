"""What lands in a dead-letter queue when an execution has finally failed."""

from datetime import datetime
from typing import Annotated, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from stepweave.contract.formats import DEAD_LETTER, Format, Versioned

DEAD_LETTER_PREFIX = "dead-letters"
"""What the keys begin with of inputs that are too large for a message; the names of machine and execution follow."""

QUEUE_SUFFIX = "failures"
"""A workflow's queue of dead letters is called like its state machine, with this behind a hyphen."""


class FailedTask(BaseModel):
    """The task that made an execution fail.

    Large inputs are replaced by ``{"stepweave:reference": {...}}``, which says where in S3 they are.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    execution: Annotated[str, Field(description="ARN of the execution that ran it: a nested one, perhaps")]
    input: Annotated[JsonValue, Field(description="the event that its agent was given; null if it never got one")]
    error: str
    cause: str = ""
    attempts: Annotated[int, Field(ge=0, description="how many times it was tried, the last time included")]


class DeadLetter(Versioned):
    """One execution that finally failed, with all that a redrive needs."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    format: ClassVar[Format] = DEAD_LETTER

    execution: Annotated[str, Field(description="ARN of the execution")]
    state_machine: Annotated[str, Field(description="ARN of its state machine")]
    status: Literal["FAILED", "TIMED_OUT", "ABORTED"]
    started: datetime
    stopped: datetime
    redrives: Annotated[int, Field(ge=0, description="how many times it was redriven before it failed this time")]
    input: Annotated[JsonValue, Field(description="the execution's input, or the reference to it")]
    error: str = ""
    cause: str = ""
    task: Annotated[FailedTask | None, Field(description="None if no task failed: a timeout, or an abort")] = None
    trace_id: Annotated[str | None, Field(description="X-Ray trace of the execution, where it is known")] = None
