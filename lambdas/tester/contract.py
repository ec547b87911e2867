"""Contract of the tester: what a repository's tests reach."""

from datetime import timedelta
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from lambdas.shared.repository.contract import RepoRef, SkippedFile
from stepweave.contract.agent import Agent


class ReachInput(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    repo: RepoRef


class ModuleReach(BaseModel):
    """Whether the tests reach one source file."""

    model_config = ConfigDict(frozen=True)

    path: str
    reached: bool
    line_percent: Annotated[float | None, Field(description="0 to 100; None without coverage data")] = None


class ReachReport(BaseModel):
    model_config = ConfigDict(frozen=True)

    source: Annotated[
        Literal["coverage.xml", "coverage.json", ".coverage", "imports"],
        Field(description="coverage data that the repository carries, else the imports reached from its tests"),
    ]
    test_files: int
    test_functions: int
    modules: list[ModuleReach]
    reached_percent: Annotated[float, Field(description="share of source files reached, 0 to 100")]
    line_percent: Annotated[float | None, Field(description="line coverage, 0 to 100; None without data")] = None
    skipped: list[SkippedFile]


tester = Agent(
    name="tester",
    input=ReachInput,
    output=ReachReport,
    timeout=timedelta(minutes=5),
    memory_mb=1024,
    ephemeral_storage_mb=2048,
    reserved_concurrency=10,
)
