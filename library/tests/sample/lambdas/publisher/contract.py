"""Contract of the publisher: the counts as a file."""

from datetime import timedelta
from typing import ClassVar

from pydantic import BaseModel, ConfigDict

from lambdas.counter.contract import Count
from stepweave import Agent, Stored, StoredFile, TaskFailure


class PublishInput(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    words: Count
    lines: Count | TaskFailure


class CountFile(StoredFile):
    stored: ClassVar[Stored] = Stored("counts/", kept=timedelta(days=365))


class Published(BaseModel):
    model_config = ConfigDict(frozen=True)

    words: int
    reports: dict[str, CountFile]


publisher = Agent(name="publisher", input=PublishInput, output=Published, timeout=timedelta(minutes=1), memory_mb=256)
