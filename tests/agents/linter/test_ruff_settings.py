from __future__ import annotations

from pathlib import Path

import pytest

from lambdas.linter.lint import COMMAND, OWN_COMMAND, lint
from lambdas.linter.ruff_settings import fence, ruff_settings
from tests.shared.repository.trees import plant

UNUSED = "import os\n\n"
LONG = f"x = '{'x' * 200}'\n"


def codes(tree: Path, *, isolated: bool = False) -> set[str]:
    return {finding.code for finding in lint(tree, isolated=isolated).findings}


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("ruff.toml", 'lint.select = ["E501"]\n'),
        (".ruff.toml", 'lint.select = ["E501"]\n'),
        ("pyproject.toml", '[tool.ruff.lint]\nselect = ["E501"]\n'),
        ("ruff.toml", 'extend = "configuration/base.toml"\n'),
    ],
)
def test_the_repositorys_own_settings_count_unless_it_is_isolated(tmp_path: Path, name: str, text: str) -> None:
    tree = tmp_path / "tree"
    plant(tree, {"a.py": UNUSED + LONG, name: text, "configuration/base.toml": 'lint.select = ["E501"]\n'})
    report = lint(tree)
    assert {finding.code for finding in report.findings} == {"E501"}
    assert (report.tool.settings.files, report.tool.settings.problem) == ((name,), None)
    assert report.tool.command == OWN_COMMAND
    isolated = lint(tree, isolated=True)
    assert {finding.code for finding in isolated.findings} == {"F401"}
    assert (isolated.tool.settings.files, isolated.tool.command) == ((), COMMAND)


def test_each_folder_has_the_nearest_settings(tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    plant(tree, {"ruff.toml": 'lint.select = ["F"]\n', "one/a.py": UNUSED + LONG})
    plant(tree, {"two/ruff.toml": 'lint.select = ["E501"]\n', "two/a.py": UNUSED + LONG})
    report = lint(tree)
    assert {(finding.path, finding.code) for finding in report.findings} == {("one/a.py", "F401"), ("two/a.py", "E501")}
    assert report.tool.settings.files == ("ruff.toml", "two/ruff.toml")


OUTSIDE = [
    'extend = "../outside.toml"\n',
    'extend = "/etc/ruff.toml"\n',
    'extend = "~/ruff.toml"\n',
    'extend = "${HOME}/ruff.toml"\n',
    'extend = "inner/../../outside.toml"\n',
    'extend = "chained.toml"\n',
    'extend = "link/outside.toml"\n',
    "extend = 7\n",
    'extend = "missing.toml"\n',
    'extend = "ruff.toml"\n',
    'src = ["../.."]\n',
    'src = ["/home"]\n',
    'src = ["$HOME"]\n',
    'src = "src"\n',
    "not toml",
    "x = " + "[" * 5000,
    f"a = '{'x' * 2_000_000}'\n",
]


@pytest.mark.parametrize("text", OUTSIDE)
def test_settings_that_lead_out_of_the_tree_do_not_count_and_that_is_said(tmp_path: Path, text: str) -> None:
    (tmp_path / "outside.toml").write_text('lint.select = ["E501"]\n')
    tree = tmp_path / "tree"
    plant(tree, {"a.py": UNUSED + LONG, "ruff.toml": text, "chained.toml": 'extend = "../outside.toml"\n'})
    (tree / "link").symlink_to("..")
    report = lint(tree)
    assert {finding.code for finding in report.findings} == {"F401"}
    assert report.tool.settings.files == ()
    assert report.tool.settings.problem
    assert report.tool.command == COMMAND


@pytest.mark.parametrize("text", ['required-version = "==0.0.1"\n', "no-such-key = 1\n", 'lint.select = ["ZZZ"]\n'])
def test_settings_that_ruff_refuses_do_not_count_and_that_is_said(tmp_path: Path, text: str) -> None:
    tree = tmp_path / "tree"
    plant(tree, {"a.py": UNUSED, "ruff.toml": text})
    report = lint(tree)
    assert {finding.code for finding in report.findings} == {"F401"}
    assert "ruff refused the settings in ruff.toml" in (report.tool.settings.problem or "")


def test_settings_that_ask_for_changes_change_nothing(tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    plant(tree, {"a.py": UNUSED, "ruff.toml": "fix = true\nunsafe-fixes = true\nshow-fixes = true\n"})
    assert codes(tree) == {"F401"}
    assert (tree / "a.py").read_text() == UNUSED


def test_settings_above_the_tree_do_not_count(tmp_path: Path) -> None:
    (tmp_path / "ruff.toml").write_text('lint.select = ["E501"]\n')
    tree = tmp_path / "place" / "tree"
    plant(tree, {"a.py": UNUSED + LONG, "inner/ruff.toml": 'lint.select = ["E501"]\n'})
    fence(tree)
    assert codes(tree) == {"F401"}


def test_a_pyproject_without_a_table_for_ruff_holds_no_settings(tmp_path: Path) -> None:
    plant(tmp_path, {"pyproject.toml": "[project]\nname = 'x'\n"})
    assert ruff_settings(tmp_path).files == ()


@pytest.mark.parametrize(
    "name", ["a\nb.py", "a\rb.py", "-rf.py", "--fix.py", "a b.py", "\udce9.py", "\n.py", "a'\".py"]
)
def test_a_file_counts_whatever_its_name(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text(UNUSED)
    report = lint(tmp_path)
    assert (report.files, len(report.findings), report.skipped) == (1, 1, [])
