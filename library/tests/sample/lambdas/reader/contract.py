"""Contract of the reader: the lines of a folder of texts."""

from datetime import timedelta

from pydantic import BaseModel, ConfigDict

from lambdas.shared.texts import Texts
from stepweave import Agent


class ReadInput(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    texts: Texts


class Lines(BaseModel):
    model_config = ConfigDict(frozen=True)

    name: str
    lines: list[str]


reader = Agent(
    name="reader",
    input=ReadInput,
    output=Lines,
    timeout=timedelta(minutes=1),
    memory_mb=256,
    ephemeral_storage_mb=1024,
)
