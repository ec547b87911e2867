import json
import re

from hypothesis import given, settings

from lambdas.reporter.assembly import assemble
from lambdas.reporter.contract import ReportInput
from lambdas.reporter.formats import FORMATS
from stepweave.contract.failure import TaskFailure
from tests.agents.reporter.reports import report_inputs


@settings(max_examples=60, deadline=None)
@given(report_inputs)
def test_all_formats_count_the_same(task: ReportInput) -> None:
    review = assemble(task, "stepweave-code-review/run-1")
    texts = {each.name: each.render(review) for each in FORMATS}
    document = json.loads(texts["json"])
    ruff, bandit = json.loads(texts["sarif"])["runs"]
    for report, part, run, heading, label in (
        (task.lint, "lint", ruff, "Lint", "Lint findings"),
        (task.scan, "security", bandit, "Security", "Security findings"),
    ):
        told = re.search(rf"^## {heading}: (\d+) finding", texts["markdown"], re.MULTILINE)
        tile = re.search(rf"<dt>{label}</dt>\s*<dd class=\"value \w+\">(\w+)</dd>", texts["html"])
        assert tile
        if isinstance(report, TaskFailure):
            assert document[part] is None
            assert told is None
            assert tile[1] == "unknown"
            continue
        number = len(report.findings)
        assert len(document[part]["findings"]) == len(run["results"]) == number
        assert told
        assert told[1] == tile[1] == str(number)


def test_every_format_has_its_own_file() -> None:
    assert {each.name: (each.file_name, each.media_type) for each in FORMATS} == {
        "json": ("report.json", "application/json"),
        "markdown": ("report.md", "text/markdown; charset=utf-8"),
        "html": ("report.html", "text/html; charset=utf-8"),
        "sarif": ("report.sarif", "application/sarif+json"),
    }
