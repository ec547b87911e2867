"""Contract of the greeter: what it takes, what it returns and what its function needs."""

from datetime import timedelta

from pydantic import BaseModel, ConfigDict
from stepweave import Agent


class GreeterInput(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    person: str


class Greeting(BaseModel):
    model_config = ConfigDict(frozen=True)

    text: str


greeter = Agent(
    name="greeter",
    input=GreeterInput,
    output=Greeting,
    timeout=timedelta(seconds=30),
    memory_mb=256,
)
