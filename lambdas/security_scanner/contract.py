"""Contract of the security scanner: what bandit finds in a repository."""

from datetime import timedelta
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from lambdas.shared.repository.contract import RepoRef, SkippedFile, Tool
from stepweave import Agent

Level = Literal["LOW", "MEDIUM", "HIGH", "UNDEFINED"]


class ScanInput(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    repo: RepoRef
    isolated: Annotated[bool, Field(description="whether the repository's own settings of bandit are left out")] = False


class SecurityFinding(BaseModel):
    """One issue, as bandit reports it; the line counts from 1."""

    model_config = ConfigDict(frozen=True)

    path: str
    line: int
    end_line: int
    test_id: str
    test_name: str
    severity: Level
    confidence: Level
    message: str
    cwe: int | None = None
    url: str | None = None


class SecurityReport(BaseModel):
    model_config = ConfigDict(frozen=True)

    tool: Tool
    files: int
    lines_of_code: int
    findings: list[SecurityFinding]
    skipped: list[SkippedFile]


security_scanner = Agent(
    name="security_scanner",
    input=ScanInput,
    output=SecurityReport,
    timeout=timedelta(minutes=10),
    memory_mb=1769,  # one whole vCPU
    ephemeral_storage_mb=2048,
    reserved_concurrency=10,
)
