"""The figures of a code review, for a person."""

from collections.abc import Iterator

from lambdas.reporter.contract import ReviewReport, ReviewSummary

_ABSENT = "n/a"


def review_lines(review: ReviewReport) -> Iterator[tuple[str, str]]:
    """Return what a review says as pairs of label and text."""
    yield "repository", review.repository + (f" at {review.commit[:12]}" if review.commit else "")
    yield from _figures(review.summary)
    for failure in review.failures:
        yield f"{failure.agent} failed", ": ".join(part for part in (failure.error, failure.cause) if part)


def _figures(figures: ReviewSummary) -> Iterator[tuple[str, str]]:
    yield "Python files", _count(figures.python_files)
    yield "lint findings", _count(figures.lint_findings, (figures.lint_fixable, "fixable"))
    severities = (figures.security_high, "high"), (figures.security_medium, "medium")
    yield "security findings", _count(figures.security_findings, *severities)
    average = _ABSENT if figures.average_complexity is None else f"{figures.average_complexity:.1f} on average"
    yield "complexity", average + _in_brackets((figures.complex_blocks, "above 10"))
    if figures.most_complex:
        yield "most complex", figures.most_complex
    yield "reached by tests", _share(figures.reached_percent, (figures.test_functions, "tests"))
    yield "docstrings", _share(figures.docstring_percent, (figures.undocumented, "missing"))
    if figures.skipped_files:
        yield "unreadable files", f"{figures.skipped_files:,}"


def _count(value: int | None, *parts: tuple[int | None, str]) -> str:
    return _ABSENT if value is None else f"{value:,}{_in_brackets(*parts)}"


def _share(value: float | None, *parts: tuple[int | None, str]) -> str:
    return _ABSENT if value is None else f"{value:.1f} %{_in_brackets(*parts)}"


def _in_brackets(*parts: tuple[int | None, str]) -> str:
    known = ", ".join(f"{value:,} {what}" for value, what in parts if value is not None)
    return f" ({known})" if known else ""
