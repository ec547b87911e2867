"""Reports of the five agents to report on: a fixed one to read, and random ones with any text in them."""

import json
from collections.abc import Callable

from hypothesis import strategies as st

from lambdas.analyzer.contract import BlockComplexity, FileMaintainability, Hotspot, QualityReport
from lambdas.documenter.contract import ApiEntry, DocumentationReport
from lambdas.linter.contract import LintFinding, LintReport
from lambdas.reporter.contract import ReportInput
from lambdas.security_scanner.contract import SecurityFinding, SecurityReport
from lambdas.shared.repository.contract import RepoRef, SkippedFile, Tool
from lambdas.tester.contract import ModuleReach, ReachReport
from stepweave.contract.failure import TaskFailure

REPO = RepoRef(
    bucket="payload",
    key="repositories/ab.tar.gz",
    sha256="ab" * 32,
    name="shop",
    commit="4f1c2d3e5a6b7c8d",
    dirty=False,
)
HOSTILE = "<script>alert(1)</script>|`*_[x](javascript:y)\n\x1b[31m\u202e{0}&amp;\\"


def lint_finding(path: str = "shop/cart.py", line: int = 1, code: str = "F401", message: str = "") -> LintFinding:
    return LintFinding(
        path=path,
        line=line,
        column=8,
        end_line=line,
        end_column=10,
        code=code,
        message=message or "`os` imported but unused",
        url=f"https://docs.astral.sh/ruff/rules/rule-{code.lower()}" if code.isalnum() else None,
        fixable=True,
    )


def lint_report(*findings: LintFinding) -> LintReport:
    tool = Tool(name="ruff", version="0.17.6", command="ruff check --isolated .")
    return LintReport(tool=tool, files=3, findings=list(findings))


def security_finding(path: str = "shop/cart.py", line: int = 7, **changes: object) -> SecurityFinding:
    finding = SecurityFinding(
        path=path,
        line=line,
        end_line=line + 1,
        test_id="B301",
        test_name="blacklist",
        severity="MEDIUM",
        confidence="HIGH",
        message="Pickle can be unsafe.",
        cwe=502,
        url="https://bandit.readthedocs.io/en/1.9.4/blacklists/blacklist_calls.html#b301-pickle",
    )
    return finding.model_copy(update=changes)


def security_report(*findings: SecurityFinding, skipped: list[SkippedFile] | None = None) -> SecurityReport:
    tool = Tool(name="bandit", version="1.9.4", command="bandit -r .")
    return SecurityReport(tool=tool, files=3, lines_of_code=40, findings=list(findings), skipped=skipped or [])


def shop() -> ReportInput:
    """Return what the agents say of a small repository, with something to find for each of them."""
    return ReportInput(
        repo=REPO,
        lint=lint_report(
            lint_finding(line=2),
            lint_finding(line=1, message="`re` imported but unused"),
            lint_finding("shop/broken.py", code="invalid-syntax", message="Expected an expression"),
        ),
        scan=security_report(
            security_finding(),
            security_finding(line=3, test_id="B602", test_name="subprocess_shell", severity="HIGH", cwe=78, url=None),
            security_finding(line=9, test_id="B101", test_name="assert_used", severity="LOW", cwe=703, url=None),
            skipped=[SkippedFile(path="shop/broken.py", reason="syntax error")],
        ),
        quality=QualityReport(
            tool=Tool(name="radon", version="6.0.1", command="radon cc --json ."),
            blocks=[
                BlockComplexity(
                    path="shop/cart.py", name="Cart.total", kind="method", line=9, end_line=20, complexity=12, rank="C"
                ),
                BlockComplexity(
                    path="shop/cart.py", name="main", kind="function", line=30, end_line=31, complexity=1, rank="A"
                ),
            ],
            files=[FileMaintainability(path="shop/cart.py", index=12.5, rank="B")],
            average_complexity=6.5,
            hotspots=[Hotspot(path="shop/cart.py", complexity=13, lint_findings=2, maintainability=12.5)],
            skipped=[SkippedFile(path="shop/broken.py", reason="syntax error")],
        ),
        tests=ReachReport(
            source="coverage.xml",
            test_files=1,
            test_functions=4,
            modules=[
                ModuleReach(path="shop/cart.py", reached=True, line_percent=41.0),
                ModuleReach(path="shop/forgotten.py", reached=False, line_percent=0.0),
            ],
            reached_percent=50.0,
            line_percent=30.0,
            skipped=[],
        ),
        docs=DocumentationReport(
            documentable=3,
            documented=2,
            percent=66.7,
            outline=[
                ApiEntry(path="shop/cart.py", line=1, kind="module", name="shop.cart", summary="Carts."),
                ApiEntry(path="shop/cart.py", line=9, kind="method", name="Cart.total", signature="(self) -> int"),
            ],
            skipped=[],
        ),
    )


def failed(error: str = "RuntimeError", message: str = "out of luck") -> TaskFailure:
    """Return a failure as Step Functions catches it from Lambda."""
    cause = {"errorMessage": message, "errorType": error, "requestId": "7f4a", "stackTrace": ["File handler.py"]}
    return TaskFailure(error=error, cause=json.dumps(cause))


_tricky = [
    HOSTILE,
    "caf\\xe9.py",
    "a|b\\",
    "[x](https://evil.example)",
    "<img src=x onerror=y>",
    "'\" onload=x ",
    "``",
    "@team",
]
texts = st.text(max_size=12) | st.sampled_from(_tricky)
_lines = st.integers(-1, 9)
_levels = st.sampled_from(["HIGH", "MEDIUM", "LOW", "UNDEFINED"])
_urls = st.none() | st.sampled_from(["https://example.org/rules/some-rule#b1-x", "javascript:alert(1)"]) | texts
_tools = st.builds(Tool, name=texts, version=texts, command=texts)
_skipped = st.lists(st.builds(SkippedFile, path=texts, reason=texts), max_size=3)
_percents = st.floats(0, 100)
_ranks = st.sampled_from("ABCDEF")

lint_findings = st.builds(
    LintFinding,
    path=texts,
    line=_lines,
    column=_lines,
    end_line=_lines,
    end_column=_lines,
    code=texts,
    message=texts,
    url=_urls,
    fixable=st.booleans(),
    cell=st.none() | st.integers(1, 3),
)
security_findings = st.builds(
    SecurityFinding,
    path=texts,
    line=_lines,
    end_line=_lines,
    test_id=texts,
    test_name=texts,
    severity=_levels,
    confidence=_levels,
    message=texts,
    cwe=st.none() | st.integers(1, 2000),
    url=_urls,
)
_blocks = st.builds(
    BlockComplexity,
    path=texts,
    name=texts,
    kind=st.sampled_from(["function", "method", "class"]),
    line=_lines,
    end_line=_lines,
    complexity=st.integers(1, 60),
    rank=_ranks,
)
_entries = st.builds(
    ApiEntry,
    path=texts,
    line=_lines,
    kind=st.sampled_from(["module", "class", "function", "method"]),
    name=texts,
    signature=st.none() | texts,
    summary=st.none() | texts,
)
_failures = st.builds(TaskFailure, error=texts, cause=texts)

report_inputs = st.builds(
    ReportInput,
    repo=st.builds(
        RepoRef,
        bucket=texts,
        key=texts,
        sha256=st.just("ab" * 32),
        name=texts,
        commit=st.none() | texts,
        dirty=st.booleans(),
    ),
    lint=_failures
    | st.builds(
        LintReport, tool=_tools, files=st.integers(0, 9), findings=st.lists(lint_findings, max_size=6), skipped=_skipped
    ),
    scan=_failures
    | st.builds(
        SecurityReport,
        tool=_tools,
        files=st.integers(0, 9),
        lines_of_code=st.integers(0, 9),
        findings=st.lists(security_findings, max_size=6),
        skipped=_skipped,
    ),
    quality=_failures
    | st.builds(
        QualityReport,
        tool=_tools,
        blocks=st.lists(_blocks, max_size=4),
        files=st.lists(st.builds(FileMaintainability, path=texts, index=_percents, rank=_ranks), max_size=3),
        average_complexity=_percents,
        hotspots=st.lists(
            st.builds(Hotspot, path=texts, complexity=_lines, lint_findings=_lines, maintainability=_percents),
            max_size=3,
        ),
        skipped=_skipped,
    ),
    tests=_failures
    | st.builds(
        ReachReport,
        source=st.sampled_from(["coverage.xml", "imports"]),
        test_files=st.integers(0, 9),
        test_functions=st.integers(0, 9),
        modules=st.lists(
            st.builds(ModuleReach, path=texts, reached=st.booleans(), line_percent=st.none() | _percents), max_size=4
        ),
        reached_percent=_percents,
        line_percent=st.none() | _percents,
        skipped=_skipped,
    ),
    docs=_failures
    | st.builds(
        DocumentationReport,
        documentable=st.integers(0, 9),
        documented=st.integers(0, 9),
        percent=_percents,
        outline=st.lists(_entries, max_size=4),
        skipped=_skipped,
    ),
)

Shuffle = Callable[[list[object]], None]


def shuffled(task: ReportInput, shuffle: Shuffle) -> ReportInput:
    """Return the same reports with their lists in another order, but for the analyzer's ranking of hotspots."""

    def mixed(name: str, items: list[object]) -> list[object]:
        copy = list(items)
        if name != "hotspots":
            shuffle(copy)
        return copy

    reports = {
        name: report.model_copy(update={key: mixed(key, each) for key, each in report if isinstance(each, list)})
        for name, report in task
    }
    return task.model_copy(update=reports)
