"""From the agents' reports to one review, in an order that depends on nothing but their content."""

from collections.abc import Iterable
from typing import TypeVar

from pydantic import BaseModel, JsonValue, TypeAdapter, ValidationError

from lambdas.analyzer.contract import QualityReport
from lambdas.documenter.contract import DocumentationReport
from lambdas.linter.contract import LintReport
from lambdas.reporter.contract import FailedTask, ReportInput
from lambdas.reporter.review import AgentStatus, Review, ReviewedRepository
from lambdas.reporter.summary import summarize
from lambdas.security_scanner.contract import SecurityReport
from lambdas.shared.repository.contract import SkippedFile, Tool
from lambdas.tester.contract import ReachReport
from stepweave import TaskFailure

_ModelT = TypeVar("_ModelT", bound=BaseModel)
_JSON: TypeAdapter[JsonValue] = TypeAdapter(JsonValue)


def assemble(task: ReportInput, execution_path: str) -> Review:
    """Make one review of what the agents reported.

    Parameters
    ----------
    task : ReportInput
        The reports, or the failures in their place.
    execution_path : str
        Names of the state machine and the execution, with a slash between; nothing else tells two reviews of the same
        snapshot apart.
    """
    state_machine, _, execution = execution_path.rpartition("/")
    lint = None if isinstance(task.lint, TaskFailure) else _sorted_lint(task.lint)
    security = None if isinstance(task.scan, TaskFailure) else _sorted_security(task.scan)
    quality = None if isinstance(task.quality, TaskFailure) else _sorted_quality(task.quality)
    tests = None if isinstance(task.tests, TaskFailure) else _sorted_tests(task.tests)
    documentation = None if isinstance(task.docs, TaskFailure) else _sorted_documentation(task.docs)
    agents = [
        _status("linter", task.lint, lint.tool if lint else None, lint.skipped if lint else []),
        _status(
            "security_scanner", task.scan, security.tool if security else None, security.skipped if security else []
        ),
        _status("analyzer", task.quality, quality.tool if quality else None, quality.skipped if quality else []),
        _status("tester", task.tests, None, tests.skipped if tests else []),
        _status("documenter", task.docs, None, documentation.skipped if documentation else []),
    ]
    skipped = {file.path for status in agents for file in status.skipped}
    return Review(
        repository=ReviewedRepository(
            name=task.repo.name, commit=task.repo.commit, dirty=task.repo.dirty, sha256=task.repo.sha256
        ),
        execution=execution,
        state_machine=state_machine,
        complete=all(status.succeeded for status in agents),
        summary=summarize(lint, security, quality, tests, documentation, skipped_files=len(skipped)),
        agents=agents,
        lint=lint,
        security=security,
        quality=quality,
        tests=tests,
        documentation=documentation,
    )


def _status(agent: str, report: BaseModel, tool: Tool | None, skipped: list[SkippedFile]) -> AgentStatus:
    if not isinstance(report, TaskFailure):
        return AgentStatus(agent=agent, succeeded=True, tool=tool, skipped=skipped)
    failure = FailedTask(agent=agent, error=report.error, cause=_message_of(report.cause))
    return AgentStatus(agent=agent, succeeded=False, failure=failure, details=report.cause or None)


def _message_of(cause: str) -> str:
    """Return the error's message alone where the cause is the JSON that Lambda makes of an exception."""
    try:
        document = _JSON.validate_json(cause)
    except ValidationError:
        return cause
    message = document.get("errorMessage") if isinstance(document, dict) else None
    return message if isinstance(message, str) else cause


def _sorted_lint(report: LintReport) -> LintReport:
    findings = sorted(
        report.findings, key=lambda f: (f.path, f.cell or 0, f.line, f.column, f.code, f.model_dump_json())
    )
    return report.model_copy(update={"findings": findings, "skipped": _ordered(report.skipped, "path")})


def _sorted_security(report: SecurityReport) -> SecurityReport:
    return report.model_copy(
        update={
            "findings": _ordered(report.findings, "path", "line", "test_id"),
            "skipped": _ordered(report.skipped, "path"),
        }
    )


def _sorted_quality(report: QualityReport) -> QualityReport:
    # Hotspots stay as they are: their order is the analyzer's finding.
    return report.model_copy(
        update={
            "blocks": _ordered(report.blocks, "path", "line", "name"),
            "files": _ordered(report.files, "path"),
            "skipped": _ordered(report.skipped, "path"),
        }
    )


def _sorted_tests(report: ReachReport) -> ReachReport:
    return report.model_copy(
        update={"modules": _ordered(report.modules, "path"), "skipped": _ordered(report.skipped, "path")}
    )


def _sorted_documentation(report: DocumentationReport) -> DocumentationReport:
    return report.model_copy(
        update={
            "outline": _ordered(report.outline, "path", "line", "name"),
            "skipped": _ordered(report.skipped, "path"),
        }
    )


def _ordered(items: Iterable[_ModelT], *fields: str) -> list[_ModelT]:
    """Sort by the given fields first, and by the whole content where they are equal."""
    return sorted(items, key=lambda item: ([getattr(item, field) for field in fields], item.model_dump_json()))
