"""Contract of the documenter: docstring coverage, and an outline of the public API."""

from datetime import timedelta
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from lambdas.analyzer.contract import QualityReport
from lambdas.shared.repository.contract import RepoRef, SkippedFile
from stepweave.contract.agent import Agent


class DocumentationInput(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    repo: RepoRef
    quality: QualityReport | None = None


class ApiEntry(BaseModel):
    """One public module, class, function or method."""

    model_config = ConfigDict(frozen=True)

    path: str
    line: int
    kind: Literal["module", "class", "function", "method"]
    name: Annotated[str, Field(description="dotted name inside the module; the module's own name for a module")]
    signature: str | None = None
    summary: Annotated[str | None, Field(description="first line of the docstring; None without one")] = None
    complexity: Annotated[int | None, Field(description="cyclomatic complexity where it is known")] = None


class DocumentationReport(BaseModel):
    model_config = ConfigDict(frozen=True)

    documentable: int
    documented: int
    percent: Annotated[float, Field(description="documented / documentable, 0 to 100; 100 if nothing is documentable")]
    outline: list[ApiEntry]
    skipped: list[SkippedFile]


documenter = Agent(
    name="documenter",
    input=DocumentationInput,
    output=DocumentationReport,
    timeout=timedelta(minutes=5),
    memory_mb=1024,
    ephemeral_storage_mb=2048,
    reserved_concurrency=10,
)
