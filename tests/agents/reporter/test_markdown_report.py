import re

import pytest
from hypothesis import given, settings
from markdown_it import MarkdownIt
from markdown_it.token import Token

from lambdas.reporter.assembly import assemble
from lambdas.reporter.contract import ReportInput
from lambdas.reporter.display import visible
from lambdas.reporter.markdown_report import to_markdown
from tests.agents.reporter.reports import HOSTILE, failed, lint_finding, lint_report, report_inputs, shop

_HTML = re.compile(r"</?code>")


def parsed(text: str) -> list[Token]:
    return MarkdownIt("commonmark").enable("table").parse(text)


def inline(tokens: list[Token]) -> list[Token]:
    return [child for token in tokens for child in token.children or []]


def shown(tokens: list[Token]) -> str:
    """Return what a reader sees of inline tokens, lines apart."""
    lines = (
        "".join(child.content for child in token.children if child.type in {"text", "text_special", "code_inline"})
        for token in tokens
        if token.children
    )
    return "\n".join(lines)


def markdown(task: ReportInput) -> str:
    return to_markdown(assemble(task, "stepweave-code-review/run-1"))


@settings(max_examples=60, deadline=None)
@given(report_inputs)
def test_nothing_in_a_repository_becomes_markup(task: ReportInput) -> None:
    tokens = parsed(markdown(task))
    assert not [token.content for token in tokens if token.type == "html_block"]
    for token in inline(tokens):
        assert token.type in {
            "text", "text_special", "code_inline", "softbreak", "strong_open", "strong_close",
            "link_open", "link_close", "html_inline",
        }  # fmt: skip
        if token.type == "html_inline":
            assert _HTML.fullmatch(token.content)
        if token.type == "link_open":
            assert str(token.attrs["href"]).startswith("https://example.org/")


@settings(max_examples=60, deadline=None)
@given(report_inputs)
def test_every_row_has_as_many_cells_as_its_head(task: ReportInput) -> None:
    """Counted as GitHub does, which splits a row at each bar without a backslash before it, also inside code."""
    columns: int | None = None
    fence = ""
    for line in markdown(task).splitlines():
        if fence or line.startswith("```"):
            fence = "" if line == fence else fence or line.removesuffix("text")
            continue
        if not line.startswith("| "):
            columns = None
            continue
        cells = len(re.findall(r"(?<!\\)\|", line)) - 1
        columns = columns or cells
        assert cells == columns, line


@settings(max_examples=60, deadline=None)
@given(report_inputs)
def test_every_line_of_a_table_is_part_of_a_table(task: ReportInput) -> None:
    text = markdown(task)
    written = sum(line.startswith("| ") and not line.startswith("| ---") for line in text.splitlines())
    quoted = sum(
        line.startswith("| ") for token in parsed(text) if token.type == "fence" for line in token.content.splitlines()
    )
    assert sum(token.type == "tr_open" for token in parsed(text)) == written - quoted


def test_hostile_names_are_shown_as_they_are() -> None:
    task = shop().model_copy(
        update={
            "repo": shop().repo.model_copy(update={"name": HOSTILE}),
            "lint": lint_report(lint_finding(HOSTILE, code=HOSTILE, message=HOSTILE)),
        }
    )
    text = shown(parsed(markdown(task)))
    assert f"Code review: {visible(HOSTILE)}" in text
    assert f"{visible(HOSTILE)}:1" in text
    assert "<script>alert(1)</script>" in text


def test_quoted_names_in_messages_become_code() -> None:
    assert "| `re` imported but unused |" in markdown(shop())


def test_nobody_is_notified_and_no_link_is_made_of_a_message() -> None:
    task = shop().model_copy(
        update={"lint": lint_report(lint_finding(message="ask @team at https://evil.example or www.evil.example"))}
    )
    text = markdown(task)
    assert "`@team`" in text
    assert "https://evil" not in text
    assert "www.evil" not in text


def test_failed_agents_come_first() -> None:
    task = shop().model_copy(
        update={"scan": failed("ToolError", "first\n```\nlast"), "docs": failed("States.Timeout", "")}
    )
    text = markdown(task)
    assert (
        text.index("2 agents failed")
        < text.index("`security_scanner` failed with `ToolError`")
        < text.index("## Summary")
    )
    assert "````text\nfirst\n```\nlast\n````" in text
    assert "## Security" not in text
    assert "| Security findings | **unknown** |" in text
    assert "## Lint: 3 findings" in text


def test_a_complete_review_speaks_of_no_failure() -> None:
    assert "failed" not in markdown(shop())


def test_long_lists_are_cut_and_say_so() -> None:
    findings = [lint_finding(f"shop/m{number}.py", code=f"E{number}") for number in range(100)]
    text = markdown(shop().model_copy(update={"lint": lint_report(*findings)}))
    assert "## Lint: 100 findings" in text
    assert "... and 75 more rules; `report.json` has all." in text
    # Beside these 100 files, the security scanner has findings in one more.
    assert "... and 91 more files; `report.json` has all." in text


@pytest.mark.parametrize(
    "line",
    [
        "| high | high | `B602` | `shop/cart.py:3` | Pickle can be unsafe. |",
        "| 12 | C | `Cart.total` | method | `shop/cart.py:9` |",
        "| `shop/cart.py` | 2 | 3 |",
        "- `shop/forgotten.py`",
        "| `shop/cart.py` | 41 % |",
        "| `Cart.total` | method | `shop/cart.py:9` |",
        "| `linter` | done | ruff 0.17.6 | `ruff check --isolated .` | the tool's defaults |",
        "| `shop/broken.py` | `analyzer` | syntax error |",
        "Commit `4f1c2d3e5a6b7c8d` · execution `run-1`",
    ],
)
def test_what_each_agent_found_is_there(line: str) -> None:
    assert line in markdown(shop()).splitlines()
