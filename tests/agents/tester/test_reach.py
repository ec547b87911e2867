"""The tester reports what tests reach, by coverage data or by imports."""

import os
import sqlite3
import subprocess
import sys
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

import pytest

from lambdas.shared.repository.isolation import Limits
from lambdas.tester.contract import ReachReport
from lambdas.tester.reach import reach
from tests.shared.repository.trees import awkward_tree, plant

LIMITS = Limits(memory_mb=700, processes=1)

PROJECT = {
    "src/shop/__init__.py": "",
    "src/shop/cart.py": """from shop import price

def total(items):
    if not items:
        return 0
    return price.of(items)
""",
    "src/shop/price.py": "def of(items):\n    return sum(items)\n",
    "src/shop/unused.py": "def nothing():\n    return None\n",
    "tests/test_cart.py": """import sys
sys.path.insert(0, "src")
from shop.cart import total

def test_total():
    assert total([1, 2]) == 3
""",
}


def measure(tree: Path, *formats: str) -> None:
    """Let coverage.py itself measure the project's tests and write its data."""
    # What the pytest around this one was told is not meant for that one.
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    environment = {**kept, "COVERAGE_FILE": ".coverage"}
    for arguments in (
        ["run", "--source=src", "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests"],
        *([*format_.split()] for format_ in formats),
    ):
        subprocess.run(
            [sys.executable, "-m", "coverage", *arguments], cwd=tree, env=environment, check=True, capture_output=True
        )


def reached(report: ReachReport) -> dict[str, bool]:
    return {module.path: module.reached for module in report.modules}


EXPECTED = {
    "src/shop/__init__.py": True,
    "src/shop/cart.py": True,
    "src/shop/price.py": True,
    "src/shop/unused.py": False,
}


@pytest.mark.parametrize(
    ("format_", "source"), [("xml", "coverage.xml"), ("json", "coverage.json"), ("report", ".coverage")]
)
def test_coverage_data_is_read_as_coverage_py_writes_it(tmp_path: Path, format_: str, source: str) -> None:
    elsewhere = plant(tmp_path / "where it ran", PROJECT)
    measure(elsewhere, format_)
    tree = plant(tmp_path / "tree", {**PROJECT, source: (elsewhere / source).read_bytes()})

    report = reach(tree, LIMITS)

    assert report.source == source
    found = reached(report)
    if source == ".coverage":  # it does not tell an empty file from one that was not run
        found.pop("src/shop/__init__.py")
    assert found.items() <= EXPECTED.items()
    lines = {module.path: module.line_percent for module in report.modules}
    if source == ".coverage":
        assert (report.line_percent, set(lines.values())) == (None, {None})
    else:
        assert lines["src/shop/cart.py"] == 80.0
        assert lines["src/shop/unused.py"] == 0.0
        assert report.line_percent == pytest.approx(100 * 6 / 9)
    assert not report.skipped


def test_without_data_the_imports_of_tests_are_followed(tmp_path: Path) -> None:
    report = reach(plant(tmp_path, PROJECT), LIMITS)

    assert (report.source, report.line_percent) == ("imports", None)
    assert reached(report) == EXPECTED
    assert report.reached_percent == 75.0
    assert (report.test_files, report.test_functions) == (1, 1)


def test_files_that_data_does_not_name_are_not_reached(tmp_path: Path) -> None:
    plant(tmp_path, {"a.py": "x = 1\n", "b.py": "x = 1\n"})
    plant(tmp_path, {"coverage.json": '{"files": {"a.py": {"summary": {"covered_lines": 1, "num_statements": 1}}}}'})

    report = reach(tmp_path, LIMITS)

    assert reached(report) == {"a.py": True, "b.py": False}
    assert [module.line_percent for module in report.modules] == [100.0, None]


def test_a_library_that_is_called_like_a_file_of_the_repository_is_not_taken_for_it(tmp_path: Path) -> None:
    plant(tmp_path, {"site.py": "x = 1\n", "pkg/a.py": "x = 1\n", "pkg/b.py": "x = 1\n"})
    ran, idle = (
        '{"summary": {"covered_lines": 1, "num_statements": 1}}',
        '{"summary": {"covered_lines": 0, "num_statements": 1}}',
    )
    plant(
        tmp_path,
        {
            "coverage.json": f'{{"files": {{"/ci/project/pkg/a.py": {ran}, "/ci/project/pkg/b.py": {idle},'
            f' "/usr/lib/python3.11/site.py": {ran}}}}}'
        },
    )

    assert reached(reach(tmp_path, LIMITS)) == {"pkg/a.py": True, "pkg/b.py": False, "site.py": False}


BOMB = (
    '<?xml version="1.0"?><!DOCTYPE b [<!ENTITY a "aaaaaaaaaa">'
    + "".join(f'<!ENTITY a{n} "{f"&a{n - 1 if n else str()};" * 10}">' for n in range(9))
    + "]><coverage>&a8;</coverage>"
)


@pytest.mark.parametrize(
    "files",
    [
        {"coverage.xml": BOMB},
        {"coverage.xml": "<coverage>"},
        {"coverage.xml": '<coverage><class filename="a.py"><line number="x" hits="1"/></class></coverage>'},
        {"coverage.xml": '<coverage><class filename="a.py"><line/></class></coverage>'},
        {"coverage.json": "{"},
        {"coverage.json": "[" * 100_000},
        {"coverage.json": '{"files": {"a.py": {"summary": {}}}}'},
        {"coverage.json": b"\xff"},
        {".coverage": "not a database"},
        {".coverage": b"SQLite format 3\0" + b"\xff" * 2000},
        {"coverage.json": '{"files": {}}'},
    ],
)
def test_damaged_data_is_skipped_with_the_reason_and_imports_are_used(
    tmp_path: Path, files: Mapping[str, str | bytes]
) -> None:
    plant(tmp_path, {**files, "a.py": "x = 1\n"})

    report = reach(tmp_path, LIMITS)

    assert report.source == "imports"
    assert [(file.path, bool(file.reason)) for file in report.skipped] == [(name, True) for name in files]


def test_a_database_with_a_view_that_never_ends_is_skipped(tmp_path: Path) -> None:
    plant(tmp_path, {"a.py": "x = 1\n"})
    with closing(sqlite3.connect(tmp_path / ".coverage")) as database:
        database.executescript(
            "CREATE VIEW file AS WITH RECURSIVE n(id) AS (SELECT 1 UNION ALL SELECT id + 1 FROM n)"
            " SELECT count(*) AS id, 'a.py' AS path FROM n;"
            "CREATE TABLE line_bits (file_id); CREATE TABLE arc (file_id);"
        )

    report = reach(tmp_path, LIMITS)

    assert report.source == "imports"
    assert "interrupted" in report.skipped[0].reason


def test_the_database_is_not_written_to(tmp_path: Path) -> None:
    tree = plant(tmp_path / "tree", PROJECT)
    measure(tree)
    before = {path: path.stat().st_mtime_ns for path in tree.rglob("*") if path.is_file()}

    assert reach(tree, LIMITS).source == ".coverage"

    assert {path: path.stat().st_mtime_ns for path in tree.rglob("*") if path.is_file()} == before


def test_awkward_files_are_skipped(tmp_path: Path) -> None:
    report = reach(awkward_tree(tmp_path), LIMITS)

    assert {file.path for file in report.skipped} >= {"syntax.py", "latin.py", "null.py", "deep.py"}
    assert {"cookie.py", "bom.py", "caf\\xe9.py"} <= reached(report).keys()
    assert not {"cookie.py", "bom.py"} & {file.path for file in report.skipped}


def test_an_empty_tree_reaches_nothing(tmp_path: Path) -> None:
    report = reach(tmp_path, LIMITS)

    assert (report.source, report.modules, report.reached_percent, report.test_files) == ("imports", [], 0.0, 0)
