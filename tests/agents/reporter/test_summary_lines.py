"""What a person reads of a review."""

from lambdas.reporter.contract import ReviewReport
from lambdas.reporter.summary_lines import review_lines

REVIEW = ReviewReport.model_validate(
    {
        "repository": "demo",
        "commit": "0123456789abcdef",
        "complete": False,
        "failures": [{"agent": "linter", "error": "Sandbox.Timedout", "cause": "Task timed out after 120.00 seconds"}],
        "summary": {
            "python_files": 1234,
            "lint_findings": None,
            "security_findings": 5,
            "security_high": 2,
            "average_complexity": 2.345,
            "most_complex": "a.py:1 f (12)",
            "reached_percent": 50.0,
            "docstring_percent": None,
        },
        "reports": {},
    }
)


def test_the_figures_that_there_are() -> None:
    lines = dict(review_lines(REVIEW))
    assert lines["repository"] == "demo at 0123456789ab"
    assert lines["Python files"] == "1,234"
    assert lines["lint findings"] == "n/a"
    assert lines["security findings"] == "5 (2 high)"
    assert lines["complexity"] == "2.3 on average"
    assert lines["most complex"] == "a.py:1 f (12)"
    assert lines["reached by tests"] == "50.0 %"
    assert "unreadable files" not in lines


def test_an_agent_that_failed_is_named_with_why() -> None:
    assert dict(review_lines(REVIEW))["linter failed"] == "Sandbox.Timedout: Task timed out after 120.00 seconds"
