import base64
import hashlib
import re
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings

from lambdas.reporter.assembly import assemble
from lambdas.reporter.contract import ReportInput
from lambdas.reporter.display import visible
from lambdas.reporter.html_report import to_html
from tests.agents.reporter.reports import HOSTILE, failed, lint_finding, lint_report, report_inputs, shop

_TAGS = {
    "html", "head", "meta", "title", "style", "script", "body", "a", "header", "p", "h1", "h2", "h3", "code", "nav",
    "ul", "li", "main", "section", "pre", "dl", "div", "dt", "dd", "svg", "rect", "table", "caption", "thead", "tbody",
    "tr", "th", "td", "details", "summary", "span", "label", "input", "footer",
}  # fmt: skip
_VOID = {"meta", "input", "rect"}
_ATTRIBUTES = {
    "aria-hidden", "aria-label", "aria-labelledby", "autocomplete", "charset", "class", "content", "data-value",
    "focusable", "height", "hidden", "href", "http-equiv", "id", "lang", "name", "open", "rel", "role", "scope",
    "tabindex", "type", "width",
}  # fmt: skip


class Page(HTMLParser):
    """The elements, attributes and text of a page; elements that are not closed in order are an error."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text: dict[str, list[str]] = {}
        self.open: list[str] = []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in _VOID:
            self.open.append(tag)
            self.text.setdefault(tag, []).append("")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        for tag in set(self.open):
            self.text[tag][-1] += data

    def handle_comment(self, data: str) -> None:
        raise AssertionError(f"a comment: {data}")

    def attribute(self, name: str) -> list[str]:
        return [value or "" for _, attributes in self.elements for key, value in attributes.items() if key == name]


def html(task: ReportInput) -> str:
    return to_html(assemble(task, "stepweave-code-review/run-1"))


@settings(max_examples=60, deadline=None)
@given(report_inputs)
def test_nothing_in_a_repository_becomes_markup(task: ReportInput) -> None:
    page = Page(html(task))
    tags = [tag for tag, _ in page.elements]
    assert set(tags) <= _TAGS
    assert {name for _, attributes in page.elements for name in attributes} <= _ATTRIBUTES
    assert [tags.count(once) for once in ("script", "style", "main", "h1", "title")] == [1] * 5
    for target in page.attribute("href"):
        assert target.startswith(("#", "https://example.org/"))


@settings(max_examples=60, deadline=None)
@given(report_inputs)
def test_every_reference_inside_the_page_has_its_target_once(task: ReportInput) -> None:
    page = Page(html(task))
    ids = page.attribute("id")
    assert len(set(ids)) == len(ids)
    assert {target[1:] for target in page.attribute("href") if target.startswith("#")} <= set(ids)
    assert set(page.attribute("aria-labelledby")) <= set(ids)


def test_hostile_names_are_shown_as_they_are() -> None:
    task = shop().model_copy(
        update={
            "repo": shop().repo.model_copy(update={"name": HOSTILE}),
            "lint": lint_report(lint_finding(HOSTILE, code=HOSTILE, message=HOSTILE.replace("`", ""))),
        }
    )
    page = Page(html(task))
    assert page.text["h1"] == [visible(HOSTILE)]
    assert f"{visible(HOSTILE)}:1:8" in page.text["code"]
    assert visible(HOSTILE.replace("`", "")) in page.text["td"]


def test_the_page_allows_its_own_style_and_script_and_nothing_else() -> None:
    page = Page(html(shop()))
    policy = next(a["content"] or "" for _, a in page.elements if a.get("http-equiv") == "Content-Security-Policy")
    digests = [
        base64.b64encode(hashlib.sha256(page.text[tag][0].encode()).digest()).decode() for tag in ("style", "script")
    ]
    assert policy == (
        f"default-src 'none'; style-src 'sha256-{digests[0]}'; script-src 'sha256-{digests[1]}'; "
        "base-uri 'none'; form-action 'none'"
    )


def test_the_page_asks_for_nothing_from_elsewhere() -> None:
    page = Page(html(shop()))
    assert not re.search(r"url\(|@import", page.text["style"][0])
    assert not re.search(r"fetch|XMLHttp|import\(|innerHTML", page.text["script"][0])


def test_tables_name_their_columns_and_rows() -> None:
    page = Page(html(shop()))
    headings = [attributes for tag, attributes in page.elements if tag == "th"]
    assert {attributes.get("scope") for attributes in headings} == {"col", "row"}
    rows = sum(tag == "tr" for tag, _ in page.elements)
    heads = sum(tag == "thead" for tag, _ in page.elements)
    assert sum(attributes["scope"] == "row" for attributes in headings) == rows - heads


def test_failed_agents_come_first() -> None:
    text = html(shop().model_copy(update={"scan": failed("ToolError", "first\nlast"), "docs": failed()}))
    page = Page(text)
    assert page.text["h2"][0] == "Incomplete: 2 agents failed"
    assert page.text["pre"][0] == "first\nlast\n"
    assert "Security" not in page.text["h2"]
    assert "Lint" in page.text["h2"]


def test_a_complete_review_speaks_of_no_failure() -> None:
    assert Page(html(shop())).text["h2"][0] == "Security"


@pytest.mark.parametrize(
    ("tag", "text"),
    [
        ("th", "shop/cart.py:3"),
        ("summary", "high B602 Pickle can be unsafe. 1"),
        ("summary", "F401 re imported but unused 2"),
        ("th", "Cart.total"),
        ("li", "shop/forgotten.py"),
        ("td", "41 %"),
        ("li", "method Cart.total(self) -> int"),
        ("td", "ruff check --isolated ."),
        ("th", "shop/broken.py"),
    ],
)
def test_what_each_agent_found_is_there(tag: str, text: str) -> None:
    assert text in Page(html(shop())).text[tag]


def test_many_findings_are_cut_and_say_so() -> None:
    findings = [lint_finding(f"shop/m{number}.py", code=f"E{number % 200}") for number in range(20_000)]
    text = html(shop().model_copy(update={"lint": lint_report(*findings)}))
    assert "20,000 findings of 200 rules" in text
    assert "… and 50 more rules; report.json has all." in text
    assert text.count('<tr><th scope="row" class="place"><code>shop/m') <= 2_100
    assert len(text) < 1_500_000
