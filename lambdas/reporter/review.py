"""The review as one document: the model that ``report.json`` follows and from which the other formats are made."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from lambdas.analyzer.contract import QualityReport
from lambdas.documenter.contract import DocumentationReport
from lambdas.linter.contract import LintReport
from lambdas.reporter.contract import FailedTask, ReviewSummary
from lambdas.security_scanner.contract import SecurityReport
from lambdas.shared.repository.contract import SkippedFile, Tool
from lambdas.tester.contract import ReachReport


class ReviewedRepository(BaseModel):
    """Which snapshot was reviewed."""

    model_config = ConfigDict(frozen=True)

    name: str
    commit: Annotated[str | None, Field(description="None where the snapshot has no commit")]
    dirty: Annotated[bool, Field(description="whether tracked files differed from that commit")]
    sha256: Annotated[str, Field(description="digest of the archive that the agents read, lower-case hex")]


class AgentStatus(BaseModel):
    """How one agent fared."""

    model_config = ConfigDict(frozen=True)

    agent: str
    succeeded: bool
    tool: Annotated[Tool | None, Field(description="None where the agent failed or uses no tool of others")] = None
    skipped: Annotated[list[SkippedFile], Field(description="files that it could not read")] = []
    failure: FailedTask | None = None
    details: Annotated[str | None, Field(description="the failure's cause as Step Functions caught it")] = None


class Review(BaseModel):
    """Everything that is known of one review.

    The order of every list is settled by its content alone, so that the same findings always give the same text.
    A part is None where its agent failed; `agents` then says why.
    """

    model_config = ConfigDict(frozen=True)

    schema_version: Annotated[
        Literal["1.1"], Field(description="the minor number grows when fields are added, the major one otherwise")
    ] = "1.1"
    repository: ReviewedRepository
    execution: Annotated[str, Field(description="name of the execution that made the review")]
    state_machine: Annotated[str, Field(description="name of its state machine, of which alone that name is unique")]
    complete: Annotated[bool, Field(description="whether every agent succeeded")]
    summary: ReviewSummary
    agents: list[AgentStatus]
    lint: LintReport | None
    security: SecurityReport | None
    quality: QualityReport | None
    tests: ReachReport | None
    documentation: DocumentationReport | None

    @property
    def failures(self) -> list[FailedTask]:
        """The agents that failed for good, in the order of `agents`."""
        return [status.failure for status in self.agents if status.failure]
