"""Hotspots are ranked by complexity and lint findings."""

from hypothesis import given
from hypothesis import strategies as st

from lambdas.analyzer.contract import BlockComplexity, FileMaintainability
from lambdas.analyzer.hotspots import rank_hotspots
from lambdas.linter.contract import LintFinding, LintReport
from lambdas.shared.repository.contract import Tool

NAMES = st.dictionaries(
    st.integers(0, 60).map(lambda number: f"m{number}.py"),
    st.tuples(st.integers(1, 50), st.integers(0, 5)),
    max_size=40,
)


def block(path: str, complexity: int, kind: str = "function") -> BlockComplexity:
    return BlockComplexity.model_validate(
        {"path": path, "name": "f", "kind": kind, "line": 1, "end_line": 2, "complexity": complexity, "rank": "A"}
    )


def file(path: str) -> FileMaintainability:
    return FileMaintainability(path=path, index=50.0, rank="A")


def lint(paths: list[str]) -> LintReport:
    findings = [
        LintFinding(path=path, line=1, column=1, end_line=1, end_column=1, code="F401", message="unused")
        for path in paths
    ]
    return LintReport(tool=Tool(name="ruff", version="1", command="ruff"), files=1, findings=findings)


@given(NAMES)
def test_at_most_twenty_in_falling_order_of_heat(figures: dict[str, tuple[int, int]]) -> None:
    blocks = [block(path, complexity) for path, (complexity, _) in figures.items()]
    report = lint([path for path, (_, findings) in figures.items() for _ in range(findings)])

    spots = rank_hotspots(blocks, [file(path) for path in figures], report)

    heat = [spot.complexity * (1 + spot.lint_findings) for spot in spots]
    assert heat == sorted(heat, reverse=True)
    assert len(spots) == min(20, len(figures))
    left_out = figures.keys() - {spot.path for spot in spots}
    assert all(figures[path][0] * (1 + figures[path][1]) <= heat[-1] for path in left_out)


def test_without_lint_complexity_alone_counts() -> None:
    blocks = [block("a.py", 5), block("b.py", 9), block("b.py", 1), block("c.py", 7)]

    spots = rank_hotspots(blocks, [file(path) for path in ("a.py", "b.py", "c.py")], None)

    assert [(spot.path, spot.complexity, spot.lint_findings) for spot in spots] == [
        ("b.py", 10, 0),
        ("c.py", 7, 0),
        ("a.py", 5, 0),
    ]


def test_a_class_does_not_count_beside_its_methods() -> None:
    blocks = [block("a.py", 5, "class"), block("a.py", 4, "method")]

    assert [spot.complexity for spot in rank_hotspots(blocks, [file("a.py")], None)] == [4]


def test_a_file_without_functions_is_no_hotspot() -> None:
    assert rank_hotspots([], [file("a.py")], lint(["a.py"])) == []
