"""The headline figures in words, as Markdown and HTML show them."""

from dataclasses import dataclass
from typing import Literal

from lambdas.reporter.review import Review

Tone = Literal["plain", "unknown", "good", "fair", "bad"]


@dataclass(frozen=True)
class Figure:
    """One headline figure: what it is, how much, what to know beside it, and whether that is good."""

    label: str
    value: str
    note: str
    tone: Tone = "plain"
    share: float | None = None
    """0 to 100 where the figure is a share of a whole."""


def figures(review: Review) -> list[Figure]:
    """Return the headline figures in the order in which they are read; "unknown" where an agent failed."""
    summary = review.summary
    return [
        Figure(
            "Python files",
            _number(summary.python_files),
            _skipped(summary.skipped_files),
            "unknown" if summary.python_files is None else "plain",
        ),
        Figure(
            "Security findings",
            _number(summary.security_findings),
            _parts((summary.security_high, "high"), (summary.security_medium, "medium")),
            _tone(summary.security_high, summary.security_findings),
        ),
        Figure(
            "Lint findings",
            _number(summary.lint_findings),
            _parts((summary.lint_fixable, "fixable")),
            _tone(0, summary.lint_findings),
        ),
        Figure(
            "Average complexity",
            "unknown" if summary.average_complexity is None else f"{summary.average_complexity:.2f}",
            _parts((summary.complex_blocks, "of rank C or worse")),
            _complexity_tone(summary.average_complexity),
        ),
        Figure(
            "Files reached by tests",
            percent(summary.reached_percent),
            "" if summary.test_functions is None else count(summary.test_functions, "test"),
            _share_tone(summary.reached_percent),
            summary.reached_percent,
        ),
        Figure(
            "Docstring coverage",
            percent(summary.docstring_percent),
            _parts((summary.undocumented, "without a docstring")),
            _share_tone(summary.docstring_percent),
            summary.docstring_percent,
        ),
    ]


def count(number: int, what: str) -> str:
    """Return a number with its noun.

    Example
    -------
    >>> count(1, "file"), count(2000, "file")
    ('1 file', '2,000 files')
    """
    return f"{number:,} {what}" if number == 1 else f"{number:,} {what}s"


def percent(share: float | None) -> str:
    """Return a share of 0 to 100 with its sign; only what is whole is called 100 %."""
    if share is None:
        return "unknown"
    return f"{min(share, 99.9) if share < 100 else 100:.1f} %".replace(".0 %", " %")


def _number(value: int | None) -> str:
    return "unknown" if value is None else f"{value:,}"


def _parts(*parts: tuple[int | None, str]) -> str:
    return ", ".join(f"{number:,} {what}" for number, what in parts if number)


def _skipped(number: int) -> str:
    return f"{count(number, 'file')} could not be read" if number else ""


def _tone(bad: int | None, fair: int | None) -> Tone:
    if bad is None or fair is None:
        return "unknown"
    return "bad" if bad else "fair" if fair else "good"


def _complexity_tone(average: float | None) -> Tone:
    if average is None:
        return "unknown"
    return "good" if average <= 5 else "fair" if average <= 10 else "bad"


def _share_tone(share: float | None) -> Tone:
    if share is None:
        return "unknown"
    return "good" if share >= 80 else "fair" if share >= 50 else "bad"
