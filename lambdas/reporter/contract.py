"""Contract of the reporter: one report of everything that the other agents found."""

from datetime import timedelta
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from lambdas.analyzer.contract import QualityReport
from lambdas.documenter.contract import DocumentationReport
from lambdas.linter.contract import LintReport
from lambdas.security_scanner.contract import SecurityReport
from lambdas.shared.repository.contract import RepoRef
from lambdas.tester.contract import ReachReport
from stepweave.contract.agent import Agent
from stepweave.contract.failure import TaskFailure

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
    cause: Annotated[str, Field(description="the error's message, without its stack trace")]


class ReviewSummary(BaseModel):
    """The figures that a person reads first; None where the agent failed, or where there is nothing to tell."""

    model_config = ConfigDict(frozen=True)

    python_files: Annotated[int | None, Field(description="files that the linter, else the security scanner, read")]
    lint_findings: int | None
    security_findings: int | None
    security_high: Annotated[int | None, Field(description="security findings of high severity")]
    average_complexity: Annotated[float | None, Field(description="mean cyclomatic complexity of all blocks")]
    most_complex: Annotated[str | None, Field(description="the worst block, as path:line name (complexity)")]
    reached_percent: Annotated[float | None, Field(description="share of source files that tests reach, 0 to 100")]
    docstring_percent: Annotated[float | None, Field(description="docstring coverage, 0 to 100")]
    lint_fixable: Annotated[int | None, Field(description="lint findings that the linter can fix itself")] = None
    security_medium: Annotated[int | None, Field(description="security findings of medium severity")] = None
    complex_blocks: Annotated[int | None, Field(description="blocks of rank C or worse: complexity above 10")] = None
    test_functions: int | None = None
    unreached_modules: Annotated[int | None, Field(description="source files that no test reaches")] = None
    undocumented: Annotated[int | None, Field(description="public names without a docstring")] = None
    skipped_files: Annotated[int, Field(description="different files that some tool could not read")] = 0


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
    memory_mb=3008,  # a repository of 5,000 files can have 150,000 findings and functions
    reserved_concurrency=10,
)
