"""The review as one self-contained HTML file."""

import base64
import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Generic, TypeVar

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from lambdas.documenter.contract import ApiEntry
from lambdas.linter.contract import LintFinding
from lambdas.reporter import digest
from lambdas.reporter.display import quoted_parts, settings_text, shortened, visible, visible_lines
from lambdas.reporter.figures import count, figures, percent
from lambdas.reporter.review import Review
from lambdas.security_scanner.contract import SecurityFinding

GroupT = TypeVar("GroupT")
FindingT = TypeVar("FindingT")

_RULES = 150
_ROWS = 2_000
_ROWS_PER_RULE = 100
_COMPLEX_ROWS = 50
_FILE_ROWS = 15
_LIST_ROWS = 200
_OUTLINE_ROWS = 1_000


@dataclass(frozen=True)
class Bar:
    """One bar of a chart: `share` is its length, 0 to 100, and `tone` its colour's name in the style sheet."""

    label: str
    number: int
    share: float
    tone: str


@dataclass(frozen=True)
class RuleSection(Generic[GroupT, FindingT]):
    """One rule and those of its findings that are shown."""

    group: GroupT
    findings: digest.Cut[FindingT]


@dataclass(frozen=True)
class ModuleOutline:
    """The public names of one file."""

    path: str
    entries: Sequence[ApiEntry]


def to_html(review: Review) -> str:
    """Return the review as an HTML page that needs no other file and no network.

    What comes from the repository is escaped by the template engine, and a content security policy lets the browser
    run nothing but the page's own script. Long lists are cut, and say how many entries they leave out; the JSON
    report has all.
    """
    environment = _environment()
    style = environment.get_template("review.css").render()
    script = environment.get_template("review.js").render()
    security = review.security.findings if review.security else []
    lint = review.lint.findings if review.lint else []
    blocks = review.quality.blocks if review.quality else []
    return environment.get_template("review.html.j2").render(
        review=review,
        policy=_policy(style, script),
        figures=figures(review),
        severities=_bars(
            [
                (level.lower(), number, level.lower())
                for level, number in digest.severity_counts(security).items()
                if number or level != "UNDEFINED"
            ]
        ),
        security_rules=_security_sections(security),
        lint_rules=_lint_sections(lint),
        rule_count=len({finding.code for finding in lint}),
        files=digest.cut(digest.busiest_files(lint, security), _FILE_ROWS),
        ranks=_bars(
            [(rank, number, f"rank-{rank.lower()}") for rank, number in digest.rank_counts(blocks).items()],
        ),
        blocks=digest.cut(digest.most_complex(blocks), _COMPLEX_ROWS),
        hotspots=digest.cut(review.quality.hotspots if review.quality else [], _FILE_ROWS),
        maintainability=digest.cut(
            digest.least_maintainable(review.quality.files if review.quality else []), _FILE_ROWS
        ),
        least_covered=digest.cut(digest.least_covered(review.tests.modules if review.tests else []), _FILE_ROWS),
        unreached=digest.cut(
            (module for module in (review.tests.modules if review.tests else []) if not module.reached), _LIST_ROWS
        ),
        undocumented=digest.cut(
            digest.undocumented(review.documentation.outline if review.documentation else []), _LIST_ROWS
        ),
        outline=_outline(review.documentation.outline if review.documentation else []),
        skipped=digest.cut(((status.agent, file) for status in review.agents for file in status.skipped), _LIST_ROWS),
    )


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_on_one_line,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(
        count=count,
        percent=percent,
        visible_lines=visible_lines,
        message=_message,
        lint_place=digest.lint_place,
        settings_text=settings_text,
    )
    environment.tests["web_page"] = _is_web_page
    return environment


def _on_one_line(value: object) -> object:
    """Show a value's text as `visible` does; what the template itself wrote is left as it is."""
    return visible(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def _message(text: str) -> Markup:
    """Return a tool's message, with what it quotes in backticks as code."""
    parts = [
        Markup("<code>{}</code>").format(visible(part)) if quoted else escape(visible(part))
        for part, quoted in quoted_parts(shortened(text))
    ]
    return Markup("").join(parts)


def _is_web_page(url: str | None) -> bool:
    return url is not None and re.fullmatch(r"https?://[!-~]+", url) is not None


def _policy(style: str, script: str) -> str:
    """Return a content security policy that allows this style sheet and this script, and nothing else."""
    return (
        f"default-src 'none'; style-src {_source(style)}; script-src {_source(script)}; "
        "base-uri 'none'; form-action 'none'"
    )


def _source(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _bars(rows: Sequence[tuple[str, int, str]]) -> list[Bar]:
    longest = max((number for _, number, _ in rows), default=0) or 1
    return [Bar(label, number, round(100 * number / longest, 1), tone) for label, number, tone in rows]


def _lint_sections(findings: Sequence[LintFinding]) -> digest.Cut[RuleSection[digest.RuleGroup, LintFinding]]:
    groups = digest.cut(digest.lint_rules(findings), _RULES)
    shown = _share_rows([group.findings for group in groups.shown])
    return digest.Cut([RuleSection(group, rows) for group, rows in zip(groups.shown, shown, strict=True)], groups.left)


def _security_sections(
    findings: Sequence[SecurityFinding],
) -> digest.Cut[RuleSection[digest.SecurityGroup, SecurityFinding]]:
    groups = digest.cut(digest.security_rules(findings), _RULES)
    shown = _share_rows([group.findings for group in groups.shown])
    return digest.Cut([RuleSection(group, rows) for group, rows in zip(groups.shown, shown, strict=True)], groups.left)


def _share_rows(groups: Sequence[Sequence[FindingT]]) -> list[digest.Cut[FindingT]]:
    """Cut each group, and all of them together, so that a browser stays quick."""
    left = _ROWS
    shown = []
    for group in groups:
        shown.append(digest.cut(group, min(left, _ROWS_PER_RULE)))
        left -= len(shown[-1].shown)
    return shown


def _outline(entries: Sequence[ApiEntry]) -> digest.Cut[ModuleOutline]:
    """Group the outline by file, up to a number of names; `left` counts names, not files."""
    shown = digest.cut(entries, _OUTLINE_ROWS)
    modules: dict[str, list[ApiEntry]] = {}
    for entry in shown.shown:
        modules.setdefault(entry.path, []).append(entry)
    return digest.Cut([ModuleOutline(path, group) for path, group in modules.items()], shown.left)
