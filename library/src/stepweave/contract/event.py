"""What a task's state sends to its agent: the one shape that the compiler writes and the runtime reads."""

from typing import Annotated, ClassVar, TypeAlias

from pydantic import ConfigDict, Field, JsonValue

from stepweave.contract.formats import TASK_EVENT, Format, Versioned
from stepweave.contract.gate import GateSignal

StandIn: TypeAlias = tuple[str | int | None, ...]
"""A place in a task's input: a field, and the keys and indices that lead on from there; null stands for each index."""


class TaskEvent(Versioned):
    """The event of one task.

    `input` is plain JSON. Only at the places that `stand_ins` lists, a value may stand for another:
    ``{"stepweave:reference": {...}}`` for one that was put in S3, ``{"stepweave:published": task}`` for a result that
    its task published, and ``{"Error": ..., "Cause": ...}`` for the result of an optional task that failed. Data of
    such a form is put in S3 by whoever makes it, so that there is no doubt. Everywhere else it is data.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    format: ClassVar[Format] = TASK_EVENT

    execution: Annotated[str, Field(description="ARN of the execution")]
    task: Annotated[str, Field(description="id of the task")]
    input: dict[str, JsonValue]
    result_limit_bytes: Annotated[int, Field(gt=0, description="a result whose JSON is longer goes to S3 by reference")]
    stand_ins: Annotated[
        tuple[StandIn, ...] | None,
        Field(
            description="where in the input a value may stand for another; null in version 1, which does not tell: any "
            "field or item of a field may"
        ),
    ] = None
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
