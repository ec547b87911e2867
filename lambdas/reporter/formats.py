"""The formats of the report: what renders each, and under which name and media type it is stored."""

from collections.abc import Callable
from dataclasses import dataclass

from lambdas.reporter.contract import ReportFormat
from lambdas.reporter.html_report import to_html
from lambdas.reporter.json_report import to_json
from lambdas.reporter.markdown_report import to_markdown
from lambdas.reporter.review import Review
from lambdas.reporter.sarif_report import to_sarif


@dataclass(frozen=True)
class Format:
    """One format of the report."""

    name: ReportFormat
    file_name: str
    media_type: str
    render: Callable[[Review], str]


FORMATS = (
    Format("json", "report.json", "application/json", to_json),
    Format("markdown", "report.md", "text/markdown; charset=utf-8", to_markdown),
    Format("html", "report.html", "text/html; charset=utf-8", to_html),
    Format("sarif", "report.sarif", "application/sarif+json", to_sarif),
)
