"""Review a repository with six agents."""

from datetime import timedelta

from lambdas.analyzer.contract import analyzer
from lambdas.documenter.contract import documenter
from lambdas.linter.contract import linter
from lambdas.reporter.contract import ReviewReport, reporter
from lambdas.security_scanner.contract import security_scanner
from lambdas.shared.repository.contract import RepoRef
from lambdas.tester.contract import tester
from stepweave import workflow


@workflow(timeout=timedelta(minutes=30), summary="lambdas.reporter.summary_lines:review_lines")
def code_review(repo: RepoRef, isolated: bool = False) -> ReviewReport:
    """Review a repository: lint, scan, measure, test, document, report."""
    lint = linter("syntax_analysis", repo=repo, isolated=isolated).optional()
    scan = security_scanner("security_scan", repo=repo, isolated=isolated).optional()
    quality = analyzer("logic_analysis", repo=repo, lint=lint).optional()
    tests = tester("test_coverage", repo=repo).after(quality).optional()
    docs = documenter("documentation", repo=repo, quality=quality).optional()
    return reporter("generate_report", repo=repo, lint=lint, scan=scan, quality=quality, tests=tests, docs=docs)
