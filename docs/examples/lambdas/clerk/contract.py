"""Contract of the clerk, who does one step of an order."""

from datetime import timedelta

from pydantic import BaseModel, ConfigDict

from stepweave import Agent, TaskFailure


class Done(BaseModel):
    """A step that was done, and what it was built on; ``failed`` names the errors of steps that could not be done."""

    model_config = ConfigDict(frozen=True)

    step: str
    order: str
    after: list[str] = []
    failed: list[str] = []


class Step(BaseModel):
    """What a step is given: the order, and the steps whose results it needs."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    order: str
    given: list[Done] = []
    extra: Done | TaskFailure | None = None
    express: bool = False


clerk = Agent(name="clerk", input=Step, output=Done, timeout=timedelta(minutes=5), memory_mb=256)
