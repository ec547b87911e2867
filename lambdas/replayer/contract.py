"""Contract of the replayer: it takes a task's recorded time and passes on what it was given."""

from datetime import timedelta
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from lambdas.contract.agent import Agent


class ReplayResult(BaseModel):
    model_config = ConfigDict(frozen=True)

    task: str
    started: Annotated[float, Field(description="seconds since the epoch")]
    finished: Annotated[float, Field(description="seconds since the epoch")]


class ReplayInput(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    seconds: Annotated[float, Field(ge=0, le=900)] = 0.0
    dependencies: list[ReplayResult] = []


replayer = Agent(name="replayer", input=ReplayInput, output=ReplayResult, timeout=timedelta(minutes=15), memory_mb=256)
