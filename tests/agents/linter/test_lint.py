"""The linter finds what ruff finds by hand."""

import json
import os
from collections import Counter
from pathlib import Path

import pytest

from lambdas.linter import lint as lint_module
from lambdas.linter.lint import lint
from lambdas.linter.ruff_process import RuffFailedError
from lambdas.shared.repository.files import display_name
from tests.shared.repository.trees import PROJECT, awkward_tree, by_hand, plant


def found_by_hand(tree: Path, command: str) -> Counter[tuple[str, str, int, int]]:
    return Counter(
        (
            os.path.relpath(found["filename"], tree.resolve()).replace("\ufffd", "?"),
            found["code"],
            found["location"]["row"],
            found["location"]["column"],
        )
        for found in json.loads(by_hand(command, tree))
    )


@pytest.mark.parametrize("isolated", [True, False], ids=["isolated", "own settings"])
@pytest.mark.parametrize("in_git", [False, True], ids=["archive", "clone"])
def test_findings_equal_ruff_by_hand(tmp_path: Path, in_git: bool, isolated: bool) -> None:
    tree = awkward_tree(tmp_path / "tree")
    (tree / "sums.py").unlink()  # by hand ruff fails on the whole tree for it
    if in_git:
        by_hand("git init --quiet", tree)

    report = lint(tree, isolated=isolated)

    ours = Counter((item.path.replace("\\xe9", "?"), item.code, item.line, item.column) for item in report.findings)
    assert ours == found_by_hand(tree, report.tool.command)
    assert {item.path for item in report.findings} >= {
        "ignored.py",
        "shop/cart.py",
        "link.py",
        ".github/scripts/release.py",
    }


def test_a_file_that_crashes_ruff_costs_itself_alone(tmp_path: Path) -> None:
    tree = awkward_tree(tmp_path / "tree")
    plant(tree, {"also/sums.py": (tree / "sums.py").read_bytes(), "node_modules/excluded.py": "import os\n"})

    report = lint(tree)

    assert {file.path for file in report.skipped} == {"sums.py", "also/sums.py"}
    for path in ("sums.py", "also/sums.py"):
        (tree / path).unlink()
    without = lint(tree)
    assert not without.skipped
    assert Counter(report.findings) == Counter(without.findings)
    assert report.files == without.files + 2


@pytest.mark.parametrize(("most_of_a_file", "most"), [(3, 100), (100, 4)])
def test_what_is_left_out_for_its_number_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, most_of_a_file: int, most: int
) -> None:
    plant(tmp_path, {"many.py": "import os\n" * 5, "one.py": "import os\n"})
    everything = lint(tmp_path)
    monkeypatch.setattr(lint_module, "_MOST_OF_A_FILE", most_of_a_file)
    monkeypatch.setattr(lint_module, "_MOST", most)

    report = lint(tmp_path)

    left_out = sum(int(file.reason.split()[0]) for file in report.skipped)
    assert report.skipped
    assert len(report.findings) + left_out == len(everything.findings)
    assert len(report.findings) <= most


def test_this_project_is_linted_alike() -> None:
    report = lint(PROJECT / "lambdas")

    assert len(report.findings) == sum(found_by_hand(PROJECT / "lambdas", report.tool.command).values())
    assert report.files >= 20


def test_an_undecodable_name_is_shown_as_other_agents_show_it(tmp_path: Path) -> None:
    plant(tmp_path, {"caf\udce9.py": "import os\n"})

    assert [item.path for item in lint(tmp_path).findings] == [display_name("caf\udce9.py")]


def test_what_ruff_cannot_read_or_parse_is_a_finding(tmp_path: Path) -> None:
    plant(tmp_path, {"latin.py": b'"\xff"\n', "syntax.py": "def f(:\n"})
    (tmp_path / "broken.py").symlink_to("nowhere")

    codes = {(item.path, item.code) for item in lint(tmp_path).findings}

    assert codes == {("latin.py", "E902"), ("syntax.py", "invalid-syntax"), ("broken.py", "E902")}


def test_a_finding_in_a_notebook_names_its_cell(tmp_path: Path) -> None:
    awkward_tree(tmp_path)

    [finding] = [item for item in lint(tmp_path, isolated=True).findings if item.path == "notebook.ipynb"]

    assert (finding.cell, finding.line, finding.code, finding.fixable) == (2, 1, "F401", True)


def test_only_source_files_are_counted(tmp_path: Path) -> None:
    plant(tmp_path, {"a.py": "", "b.pyi": "", "pyproject.toml": "", "README.md": "", "node_modules/c.py": ""})

    assert lint(tmp_path).files == 2


def test_an_empty_tree_has_no_findings(tmp_path: Path) -> None:
    report = lint(tmp_path)

    assert (report.files, report.findings) == (0, [])


def test_nothing_is_written_into_the_tree(tmp_path: Path) -> None:
    plant(tmp_path, {"a.py": "import os\n"})

    lint(tmp_path)

    assert [path.name for path in tmp_path.rglob("*")] == ["a.py"]


def test_the_environment_does_not_change_what_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plant(tmp_path, {"a.py": "import os\n"})
    monkeypatch.setenv("RUFF_OUTPUT_FORMAT", "concise")
    monkeypatch.setenv("RUFF_NO_CACHE", "nonsense")
    monkeypatch.setenv("HOME", "/nonexistent")

    assert len(lint(tmp_path).findings) == 1


def test_an_abnormal_end_of_ruff_is_an_error_that_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lint_module, "_LINT", ("check", "--no-such-option"))

    with pytest.raises(RuffFailedError, match="no-such-option"):
        lint(tmp_path)
