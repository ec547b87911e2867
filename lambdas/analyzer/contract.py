"""Contract of the analyzer: complexity and maintainability, by radon, and where to look first."""

from datetime import timedelta
from typing import Literal

from pydantic import BaseModel, ConfigDict

from lambdas.linter.contract import LintReport
from lambdas.shared.repository.contract import RepoRef, SkippedFile, Tool
from stepweave.contract.agent import Agent


class AnalysisInput(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    repo: RepoRef
    lint: LintReport | None = None


class BlockComplexity(BaseModel):
    """Cyclomatic complexity of one function, method or class, as radon counts it."""

    model_config = ConfigDict(frozen=True)

    path: str
    name: str
    kind: Literal["function", "method", "class"]
    line: int
    end_line: int
    complexity: int
    rank: str


class FileMaintainability(BaseModel):
    """Maintainability index of one file: 0 (worst) to 100."""

    model_config = ConfigDict(frozen=True)

    path: str
    index: float
    rank: str


class Hotspot(BaseModel):
    """A file where high complexity and lint findings meet."""

    model_config = ConfigDict(frozen=True)

    path: str
    complexity: int
    lint_findings: int
    maintainability: float


class QualityReport(BaseModel):
    model_config = ConfigDict(frozen=True)

    tool: Tool
    blocks: list[BlockComplexity]
    files: list[FileMaintainability]
    average_complexity: float
    hotspots: list[Hotspot]
    skipped: list[SkippedFile]


analyzer = Agent(
    name="analyzer",
    input=AnalysisInput,
    output=QualityReport,
    timeout=timedelta(minutes=10),
    memory_mb=1769,  # one whole vCPU
    ephemeral_storage_mb=2048,
    reserved_concurrency=10,
)
