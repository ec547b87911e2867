"""Gates: where tasks of different branches meet. What the compiler and the runtime have to agree on.

A gate is one item of the gates table. The item holds ``arrived`` (a number), one attribute for each task that has
arrived, and ``waiter``, the task token of the state that waits, if that came first. A published result is one item
too, with its JSON text in ``result``. An execution's states and agents all write as its definition says, so that its
gates are of the version that the events of its tasks bear; what is of a later version is known by its ``version``.
"""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

ITEM_KEY = "id"
"""Partition key of the gates table."""

EXPIRES = "expires"
"""Attribute with the time, in seconds since the epoch, after which an item may be deleted."""

ARRIVED = "arrived"
WAITER = "waiter"
RESULT = "result"

PUBLISHED_KEY = "stepweave:published"
"""In a task's input, ``{PUBLISHED_KEY: task}`` stands for the result that the task published."""


class GateSignal(BaseModel):
    """A gate that a task opens, alone or together with others."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    gate: Annotated[str, Field(description="the gate's name: that of the state which waits")]
    need: Annotated[int, Field(gt=0, description="how many tasks have to arrive")]


def item_id(execution: str, name: str) -> str:
    """Return the key of the item of a gate, or of a task that published its result, in one execution."""
    return f"{execution}#{name}"


def arrival(task: str) -> str:
    """Return the attribute of a gate's item that says that a task has arrived."""
    return f"arrived:{task}"
