"""Contract of the counter: how many words or lines there are."""

from datetime import timedelta
from typing import Literal

from pydantic import BaseModel, ConfigDict

from lambdas.reader.contract import Lines
from stepweave import Agent


class CountInput(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    text: Lines
    unit: Literal["words", "lines"] = "words"


class Count(BaseModel):
    model_config = ConfigDict(frozen=True)

    unit: str
    count: int


counter = Agent(
    name="counter",
    input=CountInput,
    output=Count,
    timeout=timedelta(minutes=2),
    memory_mb=512,
    reserved_concurrency=10,
)
