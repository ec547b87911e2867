"""Contract of the linter: what ruff finds in a repository."""

from datetime import timedelta
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from lambdas.shared.repository.contract import RepoRef, SkippedFile, Tool
from stepweave import Agent


class LintInput(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    repo: RepoRef
    isolated: Annotated[bool, Field(description="whether the repository's own settings of ruff are left out")] = False


class LintFinding(BaseModel):
    """One violation, as ruff reports it; lines and columns count from 1, in a notebook from the top of the cell."""

    model_config = ConfigDict(frozen=True)

    path: str
    line: int
    column: int
    end_line: int
    end_column: int
    code: str
    message: str
    url: str | None = None
    fixable: Annotated[bool, Field(description="whether `ruff check --fix` mends it")] = False
    cell: Annotated[int | None, Field(description="the notebook's cell, from 1; None in other files")] = None


class LintReport(BaseModel):
    model_config = ConfigDict(frozen=True)

    tool: Tool
    files: Annotated[int, Field(description="source files: .py, .pyi, .pyw, and notebooks")]
    findings: list[LintFinding]
    skipped: Annotated[
        list[SkippedFile], Field(description="files that end ruff itself, such as by their nesting")
    ] = []


linter = Agent(
    name="linter",
    input=LintInput,
    output=LintReport,
    timeout=timedelta(minutes=5),
    memory_mb=1769,  # one whole vCPU
    ephemeral_storage_mb=2048,
    reserved_concurrency=10,
)
