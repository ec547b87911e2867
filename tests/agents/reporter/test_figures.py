import pytest

from lambdas.reporter.assembly import assemble
from lambdas.reporter.figures import figures, percent
from tests.agents.reporter.reports import failed, lint_report, security_report, shop


@pytest.mark.parametrize(
    ("share", "text"), [(None, "unknown"), (0.0, "0 %"), (66.66, "66.7 %"), (99.99, "99.9 %"), (100.0, "100 %")]
)
def test_percent(share: float | None, text: str) -> None:
    assert percent(share) == text


def test_figures_of_a_small_repository() -> None:
    assert [(f.label, f.value, f.note, f.tone) for f in figures(assemble(shop(), "stepweave-code-review/run-1"))] == [
        ("Python files", "3", "1 file could not be read", "plain"),
        ("Security findings", "3", "1 high, 1 medium", "bad"),
        ("Lint findings", "3", "3 fixable", "fair"),
        ("Average complexity", "6.50", "1 of rank C or worse", "fair"),
        ("Files reached by tests", "50 %", "4 tests", "fair"),
        ("Docstring coverage", "66.7 %", "1 without a docstring", "fair"),
    ]


def test_nothing_found_is_good_and_nothing_known_is_not() -> None:
    clean = shop().model_copy(update={"lint": lint_report(), "scan": security_report()})
    assert [f.tone for f in figures(assemble(clean, "stepweave-code-review/run-1"))][1:3] == ["good", "good"]
    unknown = shop().model_copy(update={"lint": failed(), "scan": failed()})
    assert [(f.value, f.tone) for f in figures(assemble(unknown, "stepweave-code-review/run-1"))][:3] == [
        ("unknown", "unknown")
    ] * 3
