"""What a task's state sends to its agent: the one shape that the compiler writes and the runtime reads."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from stepweave.contract.gate import GateSignal


class TaskEvent(BaseModel):
    """The event of one task.

    The values of `input` are plain JSON, or ``{"stepweave:reference": {...}}`` for a result that was put in S3,
    or ``{"stepweave:published": task}`` for a result that its task published, or ``{"Error": ..., "Cause": ...}`` for
    an optional task that failed.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    execution: Annotated[str, Field(description="ARN of the execution")]
    task: Annotated[str, Field(description="id of the task")]
    input: dict[str, JsonValue]
    result_limit_bytes: Annotated[int, Field(gt=0, description="a result whose JSON is longer goes to S3 by reference")]
    publish: Annotated[bool, Field(description="whether tasks of other branches fetch the result")] = False
    signals: Annotated[tuple[GateSignal, ...], Field(description="the gates that the task's end helps to open")] = ()
    breaker: Annotated[str | None, Field(description="the circuit breaker that has to know if the agent crashes")] = (
        None
    )
    stands_for: Annotated[str | None, Field(description="the task in whose place it runs, as its fallback")] = None

    timeout_seconds: Annotated[
        int | None,
        Field(gt=0, description="when its state gives an attempt up, if its function goes on then"),
    ] = None
    part: Annotated[str | None, Field(description="ARN of the nested execution that it runs in, if it does in one")] = (
        None
    )

    @property
    def represents(self) -> str:
        """The task under whose name the result is published and gates are arrived at."""
        return self.stands_for or self.task

    @property
    def runs_in(self) -> str:
        """ARN of the execution whose history tells of the task's attempts."""
        return self.part or self.execution
