from __future__ import annotations

from pathlib import Path

import pytest

from lambdas.security_scanner.bandit_settings import bandit_settings
from lambdas.security_scanner.scan import COMMAND, scan
from lambdas.shared.repository.isolation import Limits
from tests.agents.security_scanner.test_scan import assert_equals_bandit_by_hand
from tests.shared.repository.trees import plant

LIMITS = Limits(memory_mb=1500, processes=1)
CODE = {"a.py": "assert 1\nexec('1')\n", "tests/test_a.py": "assert 1\nexec('1')\n", "docs/b.py": "exec('1')\n"}


@pytest.mark.parametrize(
    ("name", "text", "tests"),
    [
        ("pyproject.toml", '[tool.bandit]\nskips = ["B101"]\n', {"B102"}),
        ("pyproject.toml", '[tool.bandit]\ntests = ["B101"]\n', {"B101"}),
        ("pyproject.toml", '[tool.bandit]\nexclude_dirs = ["tests", "a.py"]\n', {"B102"}),
        ("pyproject.toml", '[tool.bandit.assert_used]\nskips = ["*/test_*.py", "*a.py"]\n', {"B102"}),
        (".bandit", "[bandit]\nskips = B101,B404\n", {"B102"}),
        (".bandit", "[bandit]\ntests: B101\n", {"B101"}),
        (".bandit", "[bandit]\nexclude = /tests,./a.py\n", {"B102"}),
        (".bandit", "[bandit]\nexclude = ./tests,docs\n", {"B101", "B102"}),
    ],
)
def test_the_repositorys_own_settings_count_unless_it_is_isolated(
    tmp_path: Path, name: str, text: str, tests: set[str]
) -> None:
    plant(tmp_path, {**CODE, name: text})
    report = scan(tmp_path, LIMITS)
    assert {finding.test_id for finding in report.findings} == tests
    assert report.tool.settings.files == (name,)
    assert_equals_bandit_by_hand(report, tmp_path)
    isolated = scan(tmp_path, LIMITS, isolated=True)
    assert len(isolated.findings) == 5
    assert (isolated.tool.settings.files, isolated.tool.command) == ((), COMMAND)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("pyproject.toml", "[tool.bandit]\nskips = 'B101'\n"),
        ("pyproject.toml", "[tool.bandit]\nexclude_dirs = [1]\n"),
        ("pyproject.toml", "[tool.bandit]\nassert_used = 1\n"),
        ("pyproject.toml", "nonsense"),
        (".bandit", "no section"),
        (".bandit", "[other]\nskips = B101\n"),
        (".bandit", "[bandit]\nskips = B101\nskips = B102\n"),
        (".bandit", "\xff\xfe"),
    ],
)
def test_settings_that_cannot_be_understood_do_not_count_and_that_is_said(tmp_path: Path, name: str, text: str) -> None:
    plant(tmp_path, {})
    (tmp_path / name).write_bytes(text.encode("latin-1"))
    settings = bandit_settings(tmp_path)
    assert (settings.skips, settings.source.files) == (frozenset(), ())
    assert settings.source.problem


def test_settings_outside_the_tree_are_not_read(tmp_path: Path) -> None:
    (tmp_path / "outside").write_text("[bandit]\nskips = B101\n")
    tree = tmp_path / "tree"
    tree.mkdir()
    (tree / ".bandit").symlink_to("../outside")
    assert "leads out of the repository" in (bandit_settings(tree).source.problem or "")


def test_what_says_where_to_read_or_write_is_not_obeyed(tmp_path: Path) -> None:
    text = f"[bandit]\ntargets = /etc\nbaseline = /etc/passwd\nconfigfile = /etc/x\noutput = {tmp_path}/out\n"
    plant(tmp_path, {**CODE, ".bandit": text})
    report = scan(tmp_path, LIMITS)
    assert {finding.path for finding in report.findings} == set(CODE)
    assert not (tmp_path / "out").exists()


def test_names_of_plugins_are_data(tmp_path: Path) -> None:
    text = '[tool.bandit]\nplugin_name_pattern = "*"\nprofiles = { evil = { include = ["evil"] } }\n'
    plant(tmp_path, {**CODE, "pyproject.toml": text, "evil.py": "raise SystemExit('it ran')\n"})
    assert scan(tmp_path, LIMITS).skipped == []
