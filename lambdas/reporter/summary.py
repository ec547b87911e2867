"""The figures of a review that a person reads first."""

from lambdas.analyzer.contract import QualityReport
from lambdas.documenter.contract import DocumentationReport
from lambdas.linter.contract import LintReport
from lambdas.reporter.contract import ReviewSummary
from lambdas.reporter.digest import COMPLEX_ABOVE, most_complex, severity_counts
from lambdas.security_scanner.contract import SecurityReport
from lambdas.tester.contract import ReachReport


def summarize(  # noqa: PLR0913 - one argument for each agent's report
    lint: LintReport | None,
    security: SecurityReport | None,
    quality: QualityReport | None,
    tests: ReachReport | None,
    documentation: DocumentationReport | None,
    *,
    skipped_files: int = 0,
) -> ReviewSummary:
    """Take the headline figures from the reports; what a missing report would tell is None."""
    severities = severity_counts(security.findings) if security else None
    worst = most_complex(quality.blocks)[0] if quality and quality.blocks else None
    return ReviewSummary(
        python_files=lint.files if lint else security.files if security else None,
        lint_findings=len(lint.findings) if lint else None,
        lint_fixable=sum(finding.fixable for finding in lint.findings) if lint else None,
        security_findings=len(security.findings) if security else None,
        security_high=severities["HIGH"] if severities else None,
        security_medium=severities["MEDIUM"] if severities else None,
        average_complexity=quality.average_complexity if quality else None,
        most_complex=f"{worst.path}:{worst.line} {worst.name} ({worst.complexity})" if worst else None,
        complex_blocks=sum(block.complexity > COMPLEX_ABOVE for block in quality.blocks) if quality else None,
        reached_percent=tests.reached_percent if tests else None,
        test_functions=tests.test_functions if tests else None,
        unreached_modules=sum(not module.reached for module in tests.modules) if tests else None,
        docstring_percent=documentation.percent if documentation else None,
        undocumented=documentation.documentable - documentation.documented if documentation else None,
        skipped_files=skipped_files,
    )
