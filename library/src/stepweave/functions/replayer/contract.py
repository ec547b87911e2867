"""Contract of the replayer: it takes a task's recorded time, and vouches for what it was given."""

from datetime import timedelta
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from stepweave.contract.agent import Agent

MAX_REPLAY_SECONDS = 870
"""What a task may take at the most: a function ends after 15 minutes, and needs some of them for itself."""


class ReplayResult(BaseModel):
    model_config = ConfigDict(frozen=True)

    task: str
    started: Annotated[float, Field(description="seconds since the epoch")]
    finished: Annotated[float, Field(description="seconds since the epoch")]
    lineage: Annotated[
        str,
        Field(
            description="SHA-256 over the task's id and the lineages of its dependencies, in order: it tells that each "
            "task upstream was given the results of its own dependencies"
        ),
    ]


class ReplayInput(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    seconds: Annotated[float, Field(ge=0, le=MAX_REPLAY_SECONDS)] = 0.0
    dependencies: Annotated[list[JsonValue], Field(description="results of any agents")] = []


replayer = Agent(name="replayer", input=ReplayInput, output=ReplayResult, timeout=timedelta(minutes=15), memory_mb=256)
