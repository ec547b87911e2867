"""Contract of the linter: what ruff finds in a repository."""

from datetime import timedelta

from pydantic import BaseModel, ConfigDict

from lambdas.contract.agent import Agent
from lambdas.repository.contract import RepoRef, Tool


class LintInput(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    repo: RepoRef


class LintFinding(BaseModel):
    """One violation, as ruff reports it; lines and columns count from 1."""

    model_config = ConfigDict(frozen=True)

    path: str
    line: int
    column: int
    end_line: int
    end_column: int
    code: str
    message: str
    url: str | None = None
    fixable: bool = False


class LintReport(BaseModel):
    model_config = ConfigDict(frozen=True)

    tool: Tool
    files: int
    findings: list[LintFinding]


linter = Agent(
    name="linter",
    input=LintInput,
    output=LintReport,
    timeout=timedelta(minutes=5),
    memory_mb=1024,
    ephemeral_storage_mb=2048,
    reserved_concurrency=10,
)
