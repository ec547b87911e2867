"""What bandit finds in one file."""

import functools
import os
from pathlib import Path

from bandit.core import docs_utils
from bandit.core.issue import Issue
from bandit.core.manager import BanditManager
from bandit.core.metrics import Metrics
from pydantic import BaseModel, ConfigDict

from lambdas.security_scanner.bandit_settings import BanditSettings, bandit_settings
from lambdas.security_scanner.contract import Level
from lambdas.shared.repository.source import valid_text


class FileIssue(BaseModel):
    """One issue without its file."""

    model_config = ConfigDict(frozen=True)

    line: int
    end_line: int
    test_id: str
    test_name: str
    severity: Level
    confidence: Level
    message: str
    cwe: int | None
    url: str | None


class FileScan(BaseModel):
    """What bandit says of one file; `skipped` is its reason for giving the file up."""

    model_config = ConfigDict(frozen=True)

    lines_of_code: int
    findings: list[FileIssue]
    skipped: str | None


def scan_file(path: str) -> FileScan:
    """Run bandit on one file, named relative to the current directory, with bandit's own settings."""
    return _scan(_manager(isolated=True), path)


def scan_file_by_settings(path: str) -> FileScan:
    """Run bandit on one file, named relative to the current directory, with the settings that are kept there."""
    return _scan(_manager(isolated=False), path)


def _scan(manager: BanditManager, path: str) -> FileScan:
    # One manager serves all files, since to make one is dear; what it gathers is made new for each.
    manager.results, manager.skipped, manager.scores, manager.metrics = [], [], [], Metrics()
    manager.files_list = [os.path.join(".", path)]  # noqa: PTH118  - as bandit names it; pathlib would drop the dot
    manager.run_tests()
    return FileScan(
        lines_of_code=manager.metrics.data["_totals"]["loc"],
        findings=[_issue(found) for found in manager.get_issue_list("UNDEFINED", "UNDEFINED")],
        skipped=next((reason for _, reason in manager.skipped), None),
    )


@functools.cache
def _manager(*, isolated: bool) -> BanditManager:
    settings = BanditSettings() if isolated else bandit_settings(Path())
    return BanditManager(settings.config(), "file", quiet=True, profile=settings.profile())


def _issue(found: Issue) -> FileIssue:
    return FileIssue(
        line=found.lineno,
        end_line=max(found.linerange, default=found.lineno),
        test_id=found.test_id,
        test_name=found.test,
        severity=found.severity,
        confidence=found.confidence,
        message=valid_text(found.text),
        cwe=found.cwe.id or None,
        url=docs_utils.get_url(found.test_id),
    )
