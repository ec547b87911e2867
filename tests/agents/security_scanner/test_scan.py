"""The security scanner finds what bandit finds by hand."""

import json
import shutil
from collections import Counter
from pathlib import Path

import pytest

from lambdas.security_scanner.contract import SecurityReport
from lambdas.security_scanner.scan import scan
from lambdas.shared.repository.isolation import Limits
from tests.shared.repository.trees import PROJECT, awkward_tree, by_hand, plant

LIMITS = Limits(memory_mb=1500, processes=2)


def shown(name: str) -> str:
    return name.removeprefix("./").replace("\udce9", "\\xe9")


def assert_equals_bandit_by_hand(report: SecurityReport, tree: Path) -> None:
    hand = json.loads(by_hand(report.tool.command, tree))
    assert Counter(
        (item.path, item.test_id, item.line, item.severity, item.confidence) for item in report.findings
    ) == (
        Counter(
            (
                shown(found["filename"]),
                found["test_id"],
                found["line_number"],
                found["issue_severity"],
                found["issue_confidence"],
            )
            for found in hand["results"]
        )
    )
    assert {(file.path, file.reason) for file in report.skipped} == {
        (shown(error["filename"]), error["reason"]) for error in hand["errors"]
    }
    assert report.lines_of_code == hand["metrics"]["_totals"]["loc"]
    assert report.files + len(report.skipped) == len(hand["metrics"]) - 1


@pytest.mark.parametrize("in_git", [False, True], ids=["archive", "clone"])
def test_findings_equal_bandit_by_hand(tmp_path: Path, in_git: bool) -> None:
    tree = awkward_tree(tmp_path / "tree")
    (tree / "surrogate.py").unlink()  # by hand bandit fails on the whole tree for it
    report = scan(tree, LIMITS)
    if in_git:
        by_hand("git init --quiet", tree)

    assert_equals_bandit_by_hand(report, tree)
    assert {item.path for item in report.findings} >= {"shop/cart.py", ".github/scripts/release.py", "link.py"}
    assert {file.path for file in report.skipped} >= {"syntax.py", "latin.py"}


def test_this_project_is_scanned_alike(tmp_path: Path) -> None:
    for folder in ("lambdas", "state_machines", "tests"):
        shutil.copytree(PROJECT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__"))

    report = scan(tmp_path, LIMITS)

    assert_equals_bandit_by_hand(report, tmp_path)
    assert report.findings  # the tests assert


def test_the_number_of_processes_does_not_change_the_report(tmp_path: Path) -> None:
    tree = awkward_tree(tmp_path)

    assert scan(tree, Limits(memory_mb=500, processes=1)) == scan(tree, Limits(memory_mb=1500, processes=3))


def test_a_message_that_is_not_unicode_is_still_reported(tmp_path: Path) -> None:
    plant(tmp_path, {"a.py": "password = '\\ud800'\n"})

    [finding] = scan(tmp_path, LIMITS).findings

    assert finding.test_id == "B105"
    assert "\\ud800" in finding.message


def test_a_finding_carries_its_weakness_and_where_to_read_of_it(tmp_path: Path) -> None:
    plant(tmp_path, {"a.py": "\nimport pickle\n"})

    [finding] = scan(tmp_path, LIMITS).findings

    assert (finding.line, finding.end_line, finding.test_id, finding.cwe) == (2, 2, "B403", 502)
    assert finding.url is not None
    assert finding.url.startswith("https://bandit.readthedocs.io/")


def test_a_broken_link_is_skipped_with_the_reason(tmp_path: Path) -> None:
    (tmp_path / "broken.py").symlink_to("nowhere")

    [skipped] = scan(tmp_path, LIMITS).skipped

    assert (skipped.path, skipped.reason) == ("broken.py", "No such file or directory")


def test_a_file_that_is_too_large_costs_itself_alone(tmp_path: Path) -> None:
    plant(tmp_path, {"a.py": "eval(x)\n", "huge.py": "x = 1\n" * 10_000})

    report = scan(tmp_path, Limits(memory_mb=500, processes=1, file_bytes=50_000))

    assert [item.path for item in report.findings] == ["a.py"]
    assert [file.path for file in report.skipped] == ["huge.py"]


def test_an_empty_tree_has_no_findings(tmp_path: Path) -> None:
    report = scan(tmp_path, LIMITS)

    assert (report.files, report.lines_of_code, report.findings, report.skipped) == (0, 0, [], [])
