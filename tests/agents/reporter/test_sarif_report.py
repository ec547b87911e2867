import gzip
import json
from collections import Counter
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lambdas.linter.contract import LintFinding
from lambdas.reporter.assembly import assemble
from lambdas.reporter.contract import ReportInput
from lambdas.reporter.sarif_report import to_sarif
from lambdas.shared.repository.contract import SkippedFile
from stepweave.contract.failure import TaskFailure
from tests.agents.reporter.reports import (
    failed,
    lint_finding,
    lint_findings,
    lint_report,
    report_inputs,
    security_finding,
    security_report,
    shop,
)
from tests.agents.reporter.sarif_structure import check_log, path_of


def sarif(task: ReportInput, **limits: int) -> Any:
    log = json.loads(to_sarif(assemble(task, "stepweave-code-review/run-1"), **limits))
    check_log(log)
    return log


def runs(task: ReportInput, **limits: int) -> tuple[Any, Any]:
    ruff, bandit = sarif(task, **limits)["runs"]
    assert [run["tool"]["driver"]["name"] for run in (ruff, bandit)] == ["ruff", "bandit"]
    return ruff, bandit


@settings(max_examples=60, deadline=None)
@given(report_inputs)
def test_any_review_is_a_valid_log_with_every_finding(task: ReportInput) -> None:
    for run, report in zip(runs(task), (task.lint, task.scan), strict=True):
        (invocation,) = run["invocations"]
        if isinstance(report, TaskFailure):
            assert invocation["executionSuccessful"] is False
            assert invocation["toolExecutionNotifications"][0]["level"] == "error"
            assert run["results"] == []
            continue
        assert invocation["executionSuccessful"] is True
        assert Counter(map(path_of, run["results"])) == Counter(finding.path for finding in report.findings)
        assert ("versionControlProvenance" in run) == (task.repo.commit is not None)


@settings(max_examples=60, deadline=None)
@given(st.lists(lint_findings, max_size=8), st.integers(1, 50))
def test_fingerprints_stay_when_lines_shift(findings: list[LintFinding], shift: int) -> None:
    findings = [finding.model_copy(update={"cell": None}) for finding in findings]
    moved = [f.model_copy(update={"line": f.line + shift, "end_line": f.end_line + shift}) for f in findings]

    def prints(these: list[LintFinding]) -> list[Any]:
        return [
            result["partialFingerprints"]
            for result in runs(shop().model_copy(update={"lint": lint_report(*these)}))[0]["results"]
        ]

    assert prints(moved) == prints(findings)


def test_a_line_number_in_a_message_does_not_change_the_fingerprint() -> None:
    def fingerprint(message: str) -> Any:
        task = shop().model_copy(update={"lint": lint_report(lint_finding(message=message))})
        return runs(task)[0]["results"][0]["partialFingerprints"]

    assert fingerprint("Redefinition of `x` from line 3") == fingerprint("Redefinition of `x` from line 31")
    assert fingerprint("Redefinition of `x` from line 3") != fingerprint("Redefinition of `y` from line 3")


def test_what_a_result_tells() -> None:
    ruff, bandit = runs(shop())
    assert [result["level"] for result in ruff["results"]] == ["error", "warning", "warning"]
    assert ruff["results"][1] == {
        "ruleId": "F401",
        "ruleIndex": 0,
        "level": "warning",
        "message": {"text": "`re` imported but unused"},
        "locations": [
            {
                "physicalLocation": {
                    "artifactLocation": {"uri": "shop/cart.py", "uriBaseId": "%SRCROOT%"},
                    "region": {"startLine": 1, "startColumn": 8, "endLine": 1, "endColumn": 10},
                }
            }
        ],
        "partialFingerprints": ruff["results"][1]["partialFingerprints"],
    }
    assert [result["level"] for result in bandit["results"]] == ["error", "warning", "note"]
    assert bandit["results"][0]["locations"][0]["physicalLocation"]["region"] == {"startLine": 3, "endLine": 4}


def test_what_a_run_tells() -> None:
    ruff, bandit = runs(shop())
    assert ruff["automationDetails"] == {"id": "stepweave/ruff/stepweave-code-review/run-1"}
    assert ruff["invocations"][0]["commandLine"] == "ruff check --isolated ."
    assert bandit["versionControlProvenance"][0]["revisionId"] == "4f1c2d3e5a6b7c8d"
    (skipped,) = bandit["invocations"][0]["toolExecutionNotifications"]
    assert skipped["message"]["text"] == "Could not be read: syntax error"


def test_what_a_rule_tells() -> None:
    ruff, bandit = runs(shop())
    rules = {rule["id"]: rule for run in (ruff, bandit) for rule in run["tool"]["driver"]["rules"]}
    assert rules["F401"]["shortDescription"]["text"] == "Rule f401"
    assert rules["F401"]["helpUri"] == "https://docs.astral.sh/ruff/rules/rule-f401"
    assert rules["invalid-syntax"]["shortDescription"]["text"] == "Invalid syntax"
    assert rules["B301"]["shortDescription"]["text"] == "Blacklist: pickle"
    assert rules["B602"]["shortDescription"]["text"] == "Subprocess shell"
    assert rules["B602"]["properties"] == {
        "tags": ["security", "external/cwe/cwe-078"],
        "precision": "high",
        "security-severity": "8.0",
    }
    assert [rules[name]["properties"]["security-severity"] for name in ("B301", "B101")] == ["5.0", "3.0"]


def test_a_rule_is_as_severe_as_its_worst_finding() -> None:
    findings = [security_finding(line=line, severity=level) for line, level in enumerate(["LOW", "HIGH", "MEDIUM"], 1)]
    _, bandit = runs(shop().model_copy(update={"scan": security_report(*findings)}))
    (rule,) = bandit["tool"]["driver"]["rules"]
    assert rule["properties"]["security-severity"] == "8.0"
    assert rule["defaultConfiguration"]["level"] == "error"
    assert [result["level"] for result in bandit["results"]] == ["note", "error", "warning"]


@pytest.mark.parametrize(
    ("path", "uri"),
    [
        ("a b/c#d?.py", "a%20b/c%23d%3F.py"),
        ("caf\\xe9.py", "caf%5Cxe9.py"),
        ("c:/x%.py", "c%3A/x%25.py"),
        ("日本.py", "%E6%97%A5%E6%9C%AC.py"),
    ],
)
def test_paths_are_percent_encoded(path: str, uri: str) -> None:
    ruff, _ = runs(shop().model_copy(update={"lint": lint_report(lint_finding(path))}))
    assert ruff["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == uri


def test_messages_are_no_templates_and_no_links() -> None:
    task = shop().model_copy(update={"lint": lint_report(lint_finding(message="use {0} or [x](1)"))})
    assert runs(task)[0]["results"][0]["message"]["text"] == "use {{0}} or [x] (1)"


def test_a_finding_in_a_notebook_names_the_cell() -> None:
    finding = lint_finding("study.ipynb", line=4).model_copy(update={"cell": 2})
    (result,) = runs(shop().model_copy(update={"lint": lint_report(finding)}))[0]["results"]
    assert result["message"]["text"] == "Cell 2, line 4: `os` imported but unused"
    assert result["locations"][0]["physicalLocation"]["region"] == {"startLine": 1}


def test_the_most_severe_results_are_kept_and_the_rest_is_counted() -> None:
    levels = ["LOW", "HIGH", "UNDEFINED", "MEDIUM", "HIGH"]
    findings = [security_finding(line=line, severity=level) for line, level in enumerate(levels, 1)]
    task = shop().model_copy(
        update={
            "scan": security_report(*findings),
            "lint": lint_report(lint_finding(), lint_finding("z.py", code="E999")),
        }
    )
    ruff, bandit = runs(task, result_limit=3)
    assert [result["level"] for result in bandit["results"]] == ["error", "warning", "error"]
    assert bandit["properties"] == {"totalResults": 5, "omittedResults": 2}
    assert bandit["invocations"][0]["toolExecutionNotifications"][0]["message"]["text"].startswith("2 less severe")
    assert bandit["invocations"][0]["executionSuccessful"] is True
    assert ruff["properties"] == {"totalResults": 2, "omittedResults": 0}
    ruff, _ = runs(task, result_limit=1)
    assert [result["ruleId"] for result in ruff["results"]] == ["E999"]


def test_a_log_stays_within_the_size_that_is_accepted() -> None:
    findings = [lint_finding(f"shop/module_{number}.py", line=number + 1) for number in range(400)]
    task = shop().model_copy(update={"lint": lint_report(*findings)})
    text = to_sarif(assemble(task, "stepweave-code-review/run-1"), size_limit=8_000)
    assert len(gzip.compress(text.encode())) <= 8_000
    ruff, _ = runs(task, size_limit=8_000)
    assert 0 < len(ruff["results"]) < 400
    assert ruff["properties"]["omittedResults"] == 400 - len(ruff["results"])


def test_a_limit_that_nothing_fits_keeps_no_result_and_ends() -> None:
    ruff, bandit = runs(shop(), size_limit=1)
    assert ruff["results"] == bandit["results"] == []
    assert ruff["properties"]["omittedResults"] == 3


def test_a_failed_agent_is_a_failed_invocation_and_the_other_tool_keeps_its_results() -> None:
    ruff, bandit = runs(shop().model_copy(update={"scan": failed("ToolError", "bandit ended with status 2")}))
    (notification,) = bandit["invocations"][0]["toolExecutionNotifications"]
    assert notification["message"]["text"] == "The security_scanner failed with ToolError: bandit ended with status 2"
    assert len(ruff["results"]) == 3


def test_many_unreadable_files_are_counted() -> None:
    skipped = [SkippedFile(path=f"{number}.py", reason="syntax error") for number in range(103)]
    _, bandit = runs(shop().model_copy(update={"scan": security_report(skipped=skipped)}))
    notifications = bandit["invocations"][0]["toolExecutionNotifications"]
    assert len(notifications) == 101
    assert notifications[-1]["message"]["text"] == "3 more files could not be read."
