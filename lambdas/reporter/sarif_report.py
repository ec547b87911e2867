"""The review as SARIF 2.1.0, for GitHub code scanning and other tools that read it."""

import gzip
from collections.abc import Sequence
from dataclasses import dataclass
from heapq import nsmallest
from urllib.parse import quote

from lambdas.linter.contract import LintFinding
from lambdas.reporter import sarif_rules
from lambdas.reporter.contract import FailedTask
from lambdas.reporter.digest import LEVELS
from lambdas.reporter.display import settings_text
from lambdas.reporter.fingerprint import FINGERPRINT, fingerprints
from lambdas.reporter.review import AgentStatus, Review, ReviewedRepository
from lambdas.reporter.sarif_log import (
    ArtifactLocation,
    AutomationDetails,
    Driver,
    Invocation,
    Location,
    Message,
    Notification,
    PhysicalLocation,
    Region,
    Result,
    Rule,
    Run,
    RunProperties,
    SarifLog,
    Tool,
    VersionControlDetails,
)
from lambdas.security_scanner.contract import SecurityFinding
from lambdas.shared.repository.contract import SkippedFile, ToolSettings

RESULT_LIMIT = 25_000
"""Results that GitHub accepts in one run."""

SIZE_LIMIT = 10_000_000
"""Bytes that GitHub accepts in one file, after gzip."""

_SKIPPED_LIMIT = 100
_SOURCE_ROOT = "%SRCROOT%"
_INFORMATION = {"ruff": "https://docs.astral.sh/ruff/", "bandit": "https://bandit.readthedocs.io/"}


@dataclass(frozen=True)
class _Found:
    """What the run of one tool holds: its rules, its results, and for each result how severe it is (less is worse)."""

    rules: Sequence[Rule]
    results: Sequence[Result]
    order: Sequence[tuple[int, ...]]


def to_sarif(review: Review, *, result_limit: int = RESULT_LIMIT, size_limit: int = SIZE_LIMIT) -> str:
    """Return the review's lint and security findings as a SARIF log with a run for each tool.

    Parameters
    ----------
    review : Review
        What was found.
    result_limit : int
        The most results of one run; the most severe are kept, and the run says how many are left out.
    size_limit : int
        The most bytes of the whole text after gzip; fewer results are kept until it fits.
    """
    found = {"linter": _lint(review), "security_scanner": _security(review)}
    while True:
        log = SarifLog(
            runs=[
                _run(review, agent="linter", tool="ruff", found=found["linter"], limit=result_limit),
                _run(
                    review, agent="security_scanner", tool="bandit", found=found["security_scanner"], limit=result_limit
                ),
            ]
        )
        text = log.to_json()
        if result_limit == 0 or _fits(text.encode(), size_limit):
            return text
        result_limit = min(result_limit, max(len(part.results) for part in found.values())) // 2


def _fits(content: bytes, size_limit: int) -> bool:
    return len(content) <= size_limit or len(gzip.compress(content, compresslevel=6)) <= size_limit


def _run(review: Review, *, agent: str, tool: str, found: _Found, limit: int) -> Run:
    status = next(status for status in review.agents if status.agent == agent)
    kept = sorted(nsmallest(limit, range(len(found.results)), key=lambda index: (found.order[index], index)))
    omitted = len(found.results) - len(kept)
    return Run(
        tool=Tool(
            driver=Driver(
                name=tool,
                version=status.tool.version if status.tool else None,
                information_uri=_INFORMATION[tool],
                rules=list(found.rules),
            )
        ),
        invocations=[_invocation(status, omitted)],
        # GitHub takes what stands before the last slash as the category, in which a run replaces the one before.
        automation_details=AutomationDetails(id=f"stepweave/{tool}/{review.state_machine}/{review.execution}"),
        original_uri_base_ids={
            _SOURCE_ROOT: ArtifactLocation(description=Message(text="The top folder of the repository."))
        },
        version_control_provenance=_provenance(review.repository),
        column_kind="unicodeCodePoints",
        results=[found.results[index] for index in kept],
        properties=RunProperties(total_results=len(found.results), omitted_results=omitted),
    )


def _invocation(status: AgentStatus, omitted: int) -> Invocation:
    notifications = [_failed(status.failure)] if status.failure else []
    if status.tool and (status.tool.settings.files or status.tool.settings.problem):
        notifications.append(_settings(status.tool.settings))
    if omitted:
        text = f"{omitted} less severe results are left out, to stay within what code-scanning tools accept."
        notifications.append(Notification(level="warning", message=Message(text=text)))
    notifications += [_skipped(file) for file in status.skipped[:_SKIPPED_LIMIT]]
    if (left := len(status.skipped) - _SKIPPED_LIMIT) > 0:
        text = f"{left} more files could not be read."
        notifications.append(Notification(level="warning", message=Message(text=text)))
    return Invocation(
        execution_successful=status.succeeded,
        command_line=status.tool.command if status.tool else None,
        tool_execution_notifications=notifications,
    )


def _failed(failure: FailedTask) -> Notification:
    text = f"The {failure.agent} failed with {failure.error}" + (f": {failure.cause}" if failure.cause else "")
    return Notification(level="error", message=Message(text=sarif_rules.literal(text)))


def _settings(settings: ToolSettings) -> Notification:
    text = sarif_rules.literal(f"Settings: {settings_text(settings)}")
    return Notification(level="warning" if settings.problem else "note", message=Message(text=text))


def _skipped(file: SkippedFile) -> Notification:
    text = sarif_rules.literal(f"Could not be read: {file.reason}")
    location = Location(physical_location=PhysicalLocation(artifact_location=_artifact(file.path)))
    return Notification(level="warning", message=Message(text=text), locations=[location])


def _provenance(repository: ReviewedRepository) -> list[VersionControlDetails] | None:
    if repository.commit is None:
        return None
    return [
        VersionControlDetails(
            # The standard asks for an absolute URI; of a snapshot only the name is known, which is not a location.
            repository_uri=f"urn:stepweave:repository:{quote(repository.name, safe='')}",
            revision_id=repository.commit,
            mapped_to=ArtifactLocation(uri_base_id=_SOURCE_ROOT),
        )
    ]


def _lint(review: Review) -> _Found:
    findings = review.lint.findings if review.lint else []
    rules = sarif_rules.lint_rules(findings)
    levels = [sarif_rules.lint_level(finding.code) for finding in findings]
    index = {rule.id: number for number, rule in enumerate(rules)}
    prints = fingerprints((finding.path, finding.code, finding.message) for finding in findings)
    return _Found(
        rules,
        [
            Result(
                rule_id=finding.code,
                rule_index=index[finding.code],
                level=level,
                message=Message(text=sarif_rules.literal(_lint_message(finding))),
                locations=[_location(finding.path, _lint_region(finding))],
                partial_fingerprints={FINGERPRINT: fingerprint},
            )
            for finding, level, fingerprint in zip(findings, levels, prints, strict=True)
        ],
        [(0 if level == "error" else 1,) for level in levels],
    )


def _security(review: Review) -> _Found:
    findings = review.security.findings if review.security else []
    rules = sarif_rules.security_rules(findings)
    index = {rule.id: number for number, rule in enumerate(rules)}
    prints = fingerprints((finding.path, finding.test_id, finding.message) for finding in findings)
    return _Found(
        rules,
        [
            Result(
                rule_id=finding.test_id,
                rule_index=index[finding.test_id],
                level=sarif_rules.security_level(finding.severity),
                message=Message(text=sarif_rules.literal(finding.message or finding.test_name)),
                locations=[_location(finding.path, _security_region(finding))],
                partial_fingerprints={FINGERPRINT: fingerprint},
            )
            for finding, fingerprint in zip(findings, prints, strict=True)
        ],
        [(LEVELS.index(finding.severity), LEVELS.index(finding.confidence)) for finding in findings],
    )


def _location(path: str, region: Region) -> Location:
    return Location(physical_location=PhysicalLocation(artifact_location=_artifact(path), region=region))


def _artifact(path: str) -> ArtifactLocation:
    return ArtifactLocation(uri=quote(path, safe="/"), uri_base_id=_SOURCE_ROOT)


def _lint_message(finding: LintFinding) -> str:
    message = finding.message or finding.code
    return f"Cell {finding.cell}, line {finding.line}: {message}" if finding.cell else message


def _lint_region(finding: LintFinding) -> Region:
    if finding.cell:
        # Lines of a cell are no lines of the notebook's file, so only the file is told; the message names the cell.
        return Region(start_line=1)
    start, end = max(finding.line, 1), max(finding.end_line, finding.line, 1)
    # An end before the start is no region; then only the lines are told.
    if end == start and finding.end_column < finding.column:
        return Region(start_line=start, end_line=end)
    return Region(
        start_line=start,
        start_column=max(finding.column, 1),
        end_line=end,
        end_column=max(finding.end_column, 1),
    )


def _security_region(finding: SecurityFinding) -> Region:
    start = max(finding.line, 1)
    return Region(start_line=start, end_line=max(finding.end_line, start))
