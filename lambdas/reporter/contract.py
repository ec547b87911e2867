"""Contract of the reporter: one report of everything that the other agents found."""

from datetime import timedelta
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from lambdas.analyzer.contract import QualityReport
from lambdas.contract.agent import Agent
from lambdas.contract.failure import TaskFailure
from lambdas.documenter.contract import DocumentationReport
from lambdas.linter.contract import LintReport
from lambdas.repository.contract import RepoRef
from lambdas.security_scanner.contract import SecurityReport
from lambdas.tester.contract import ReachReport

ReportFormat = Literal["json", "markdown", "html", "sarif"]


class ReportInput(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    repo: RepoRef
    lint: LintReport | TaskFailure
    scan: SecurityReport | TaskFailure
    quality: QualityReport | TaskFailure
    tests: ReachReport | TaskFailure
    docs: DocumentationReport | TaskFailure


class ReportFile(BaseModel):
    """Where one format of the report was put in S3."""

    model_config = ConfigDict(frozen=True)

    bucket: str
    key: str
    media_type: str


class FailedTask(BaseModel):
    """An agent that failed for good, so that its part of the report is missing."""

    model_config = ConfigDict(frozen=True)

    agent: str
    error: str
    cause: str


class ReviewSummary(BaseModel):
    """The figures that a person reads first; None where the agent failed."""

    model_config = ConfigDict(frozen=True)

    python_files: int | None
    lint_findings: int | None
    security_findings: int | None
    security_high: int | None
    average_complexity: float | None
    most_complex: str | None
    reached_percent: float | None
    docstring_percent: float | None


class ReviewReport(BaseModel):
    model_config = ConfigDict(frozen=True)

    repository: str
    commit: str | None
    complete: Annotated[bool, Field(description="whether every agent succeeded")]
    failures: list[FailedTask]
    summary: ReviewSummary
    reports: dict[ReportFormat, ReportFile]


reporter = Agent(
    name="reporter",
    input=ReportInput,
    output=ReviewReport,
    timeout=timedelta(minutes=2),
    memory_mb=512,
    reserved_concurrency=10,
)
