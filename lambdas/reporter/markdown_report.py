"""The review as Markdown that reads well on GitHub."""

from collections.abc import Iterator, Sequence

from lambdas.analyzer.contract import QualityReport
from lambdas.documenter.contract import DocumentationReport
from lambdas.linter.contract import LintReport
from lambdas.reporter import digest
from lambdas.reporter.display import settings_text, shortened
from lambdas.reporter.figures import count, figures, percent
from lambdas.reporter.markdown_text import block, code, link, message, plain, table
from lambdas.reporter.review import AgentStatus, Review
from lambdas.security_scanner.contract import SecurityReport
from lambdas.tester.contract import ReachReport

_SECURITY_ROWS = 50
_RULE_ROWS = 25
_FILE_ROWS = 10
_COMPLEX_ROWS = 15
_LIST_ROWS = 25
_CAUSE_CHARACTERS = 2_000


def to_markdown(review: Review) -> str:
    """Return the review as GitHub-flavoured Markdown.

    Long lists are cut, and say how many entries they leave out; the JSON report has all.
    """
    return "\n".join(_lines(review)).rstrip() + "\n"


def _lines(review: Review) -> Iterator[str]:
    yield f"# Code review: {plain(review.repository.name)}"
    yield ""
    yield _origin(review)
    yield ""
    yield from _failures(review)
    yield "## Summary"
    yield ""
    yield from table(
        ["Figure", "Value:", ""], [[f.label, f"**{plain(f.value)}**", message(f.note)] for f in figures(review)]
    )
    if review.security:
        yield from _security(review.security)
    if review.lint:
        yield from _lint(review.lint)
    if review.lint or review.security:
        yield from _busiest_files(review)
    if review.quality:
        yield from _quality(review.quality)
    if review.tests:
        yield from _tests(review.tests)
    if review.documentation:
        yield from _documentation(review.documentation)
    yield from _agents(review.agents)


def _origin(review: Review) -> str:
    repository = review.repository
    commit = f"Commit {code(repository.commit)}" if repository.commit else "No commit"
    dirty = " with uncommitted changes" if repository.dirty else ""
    return f"{commit}{dirty} · execution {code(review.execution)}"


def _failures(review: Review) -> Iterator[str]:
    if review.complete:
        return
    yield "> [!CAUTION]"
    yield f"> **This review is incomplete: {count(len(review.failures), 'agent')} failed.**"
    yield "> What the others found follows."
    yield ""
    for failure in review.failures:
        yield f"**{code(failure.agent)} failed with {code(failure.error)}**"
        yield ""
        if failure.cause:
            yield from block(shortened(failure.cause, _CAUSE_CHARACTERS))
            yield ""


def _security(report: SecurityReport) -> Iterator[str]:
    yield f"## Security: {count(len(report.findings), 'finding')}"
    yield ""
    if not report.findings:
        yield f"None in {count(report.files, 'file')}."
        yield ""
        return
    by_severity = digest.severity_counts(report.findings)
    yield " · ".join(f"{number:,} {level.lower()}" for level, number in by_severity.items() if number)
    yield ""
    found = digest.cut(digest.most_severe(report.findings), _SECURITY_ROWS)
    yield from table(
        ["Severity", "Confidence", "Rule", "Location", "Message"],
        [
            [
                f.severity.lower(),
                f.confidence.lower(),
                link(code(f.test_id), f.url),
                code(f"{f.path}:{f.line}"),
                message(f.message),
            ]
            for f in found.shown
        ],
    )
    yield from _more(found.left, "finding")


def _lint(report: LintReport) -> Iterator[str]:
    yield f"## Lint: {count(len(report.findings), 'finding')}"
    yield ""
    if not report.findings:
        yield f"None in {count(report.files, 'file')}."
        yield ""
        return
    rules = digest.cut(digest.lint_rules(report.findings), _RULE_ROWS)
    yield from table(
        ["Rule", "Findings:", "Fixable:", "For example", "Location"],
        [
            [
                link(code(rule.rule), rule.url),
                f"{len(rule.findings):,}",
                f"{rule.fixable:,}",
                message(rule.example),
                code(digest.lint_place(rule.findings[0])),
            ]
            for rule in rules.shown
        ],
    )
    yield from _more(rules.left, "rule")


def _busiest_files(review: Review) -> Iterator[str]:
    lint = review.lint.findings if review.lint else []
    security = review.security.findings if review.security else []
    files = digest.cut(digest.busiest_files(lint, security), _FILE_ROWS)
    if not files.shown:
        return
    yield "### Files with most findings"
    yield ""
    yield from table(
        ["File", "Lint:", "Security:"], [[code(f.path), f"{f.lint:,}", f"{f.security:,}"] for f in files.shown]
    )
    yield from _more(files.left, "file")


def _quality(report: QualityReport) -> Iterator[str]:
    yield "## Complexity"
    yield ""
    if not report.blocks:
        yield "There is no function and no class."
        yield ""
        return
    ranks = digest.rank_counts(report.blocks)
    yield f"{count(len(report.blocks), 'block')}, {report.average_complexity:.2f} on average."
    yield ""
    yield from table(
        ["Rank", *(f"{plain(rank)}:" for rank in ranks)], [["Blocks", *(f"{number:,}" for number in ranks.values())]]
    )
    worst = digest.cut(digest.most_complex(report.blocks), _COMPLEX_ROWS)
    yield from table(
        ["Complexity:", "Rank", "Block", "Kind", "Location"],
        [[str(b.complexity), plain(b.rank), code(b.name), b.kind, code(f"{b.path}:{b.line}")] for b in worst.shown],
    )
    yield from _more(worst.left, "block")
    hotspots = digest.cut(report.hotspots, _FILE_ROWS)
    if hotspots.shown:
        yield "### Where to look first"
        yield ""
        yield from table(
            ["File", "Complexity:", "Lint findings:", "Maintainability:"],
            [
                [code(h.path), str(h.complexity), str(h.lint_findings), f"{h.maintainability:.1f}"]
                for h in hotspots.shown
            ],
        )
        yield from _more(hotspots.left, "file")


def _tests(report: ReachReport) -> Iterator[str]:
    yield "## Tests"
    yield ""
    by = "imports" if report.source == "imports" else code(report.source)
    lines = "" if report.line_percent is None else f" and {percent(report.line_percent)} of the lines"
    yield (
        f"{count(report.test_functions, 'test')} in {count(report.test_files, 'file')}; they reach "
        f"{percent(report.reached_percent)} of {count(len(report.modules), 'source file')}{lines} (by {by})."
    )
    yield ""
    least = digest.cut(digest.least_covered(report.modules), _FILE_ROWS)
    if least.shown:
        yield "### Least covered"
        yield ""
        yield from table(["File", "Lines covered:"], [[code(m.path), percent(m.line_percent)] for m in least.shown])
        yield from _more(least.left, "file")
    unreached = digest.cut((m.path for m in report.modules if not m.reached), _LIST_ROWS)
    if unreached.shown:
        yield "### Reached by no test"
        yield ""
        yield from (f"- {code(path)}" for path in unreached.shown)
        yield ""
        yield from _more(unreached.left, "file")


def _documentation(report: DocumentationReport) -> Iterator[str]:
    yield "## Documentation"
    yield ""
    yield (
        f"{report.documented:,} of {count(report.documentable, 'public name')} "
        f"{'has' if report.documented == 1 else 'have'} a docstring ({percent(report.percent)})."
    )
    yield ""
    missing = digest.cut(digest.undocumented(report.outline), _LIST_ROWS)
    if missing.shown:
        yield "### Without a docstring"
        yield ""
        yield from table(
            ["Name", "Kind", "Location"],
            [[code(e.name), e.kind, code(f"{e.path}:{e.line}")] for e in missing.shown],
        )
        yield from _more(missing.left, "name")


def _agents(agents: Sequence[AgentStatus]) -> Iterator[str]:
    yield "## How this was found"
    yield ""
    yield from table(
        ["Agent", "Status", "Tool", "Command", "Settings"],
        [
            [
                code(status.agent),
                "done" if status.succeeded else "**failed**",
                plain(f"{status.tool.name} {status.tool.version}") if status.tool else "",
                code(status.tool.command) if status.tool else "",
                plain(settings_text(status.tool.settings)) if status.tool else "",
            ]
            for status in agents
        ],
    )
    skipped = digest.cut(((status.agent, file) for status in agents for file in status.skipped), _LIST_ROWS)
    if skipped.shown:
        yield "### Files that could not be read"
        yield ""
        yield from table(
            ["File", "Agent", "Reason"],
            [[code(file.path), code(agent), message(file.reason)] for agent, file in skipped.shown],
        )
        yield from _more(skipped.left, "file")


def _more(left: int, what: str) -> Iterator[str]:
    if left:
        yield f"... and {left:,} more {what if left == 1 else what + 's'}; `report.json` has all."
        yield ""
