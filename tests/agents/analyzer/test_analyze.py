"""The analyzer measures what radon measures by hand."""

import ast
import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from radon.complexity import average_complexity, cc_visit
from radon.metrics import mi_visit

from lambdas.analyzer.analyze import analyze
from lambdas.analyzer.contract import QualityReport
from lambdas.analyzer.radon_file import measure_file
from lambdas.shared.repository.isolation import Limits
from tests.shared.repository.trees import PROJECT, awkward_tree, by_hand, plant

LIMITS = Limits(memory_mb=1500, processes=2)


def shown(name: str) -> str:
    return name.replace("\udce9", "\\xe9")


def assert_equals_radon_by_hand(report: QualityReport, tree: Path) -> None:
    top = f"{tree.resolve()}/"
    complexity: dict[str, Any] = json.loads(by_hand(report.tool.command, tree))
    index: dict[str, Any] = json.loads(by_hand(report.tool.command.replace(" cc ", " mi "), tree))

    ours = [
        (item.path, item.name, item.kind, item.line, item.end_line, item.complexity, item.rank)
        for item in report.blocks
    ]
    assert sorted(ours) == sorted(
        (
            shown(path.removeprefix(top)),
            f"{block['classname']}.{block['name']}" if "classname" in block else block["name"],
            block["type"],
            block["lineno"],
            block["endline"],
            block["complexity"],
            block["rank"],
        )
        for path, blocks in complexity.items()
        if isinstance(blocks, list)
        for block in blocks
    )
    assert {(item.path, item.index, item.rank) for item in report.files} == {
        (shown(path.removeprefix(top)), found["mi"], found["rank"]) for path, found in index.items() if "mi" in found
    }
    assert {file.path for file in report.skipped} == {
        shown(path.removeprefix(top)) for path, found in index.items() if "error" in found
    }


def test_measures_equal_radon_by_hand(tmp_path: Path) -> None:
    tree = awkward_tree(tmp_path / "tree")

    report = analyze(tree, limits=LIMITS)

    assert_equals_radon_by_hand(report, tree)
    assert {block.path for block in report.blocks} >= {
        "shop/cart.py",
        "link.py",
        "script",
        "new\nline.py",
        "caf\\xe9.py",
    }
    assert {file.path for file in report.skipped} >= {
        "syntax.py",
        "latin.py",
        "cookie.py",
        "bom.py",
        "null.py",
        "deep.py",
    }


def test_this_project_is_measured_alike(tmp_path: Path) -> None:
    for folder in ("lambdas", "state_machines", "scripts"):
        shutil.copytree(PROJECT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__"))

    report = analyze(tmp_path, limits=LIMITS)

    assert_equals_radon_by_hand(report, tmp_path)
    assert report.blocks


def test_the_average_is_radons(tmp_path: Path) -> None:
    tree = awkward_tree(tmp_path)

    report = analyze(tree, limits=LIMITS)

    said = by_hand(f"{report.tool.command[:-1].replace('--json', '--total-average')})", tree)
    assert f"({report.average_complexity})" in said.splitlines()[-1]


@st.composite
def sources(draw: st.DrawFn) -> str:
    """Draw the source of a module out of nested statements that count, or do not, as complexity."""
    names = st.sampled_from("abc")
    leaf = st.sampled_from(
        [
            "pass",
            "assert a and b",
            "x = a if b else c",
            "x = [a for a in b if a if b]",
            "f = lambda a: a or b",
            "'text'",
        ]
    )

    def block(inner: st.SearchStrategy[list[str]]) -> st.SearchStrategy[list[str]]:
        header = st.one_of(
            st.sampled_from(["if a:", "while a or b:", "for a in b:", "with a:", "async def d(a=1):"]),
            names.map(lambda name: f"def {name}(self, *rest, a: int = 1):"),
            names.map(lambda name: f"class {name.upper()}:"),
        )
        bodies = st.tuples(header, inner).map(lambda pair: [pair[0], *(f"    {line}" for line in pair[1])])
        tried = inner.map(
            lambda body: ["try:", *(f"    {line}" for line in body), "except E:", "    pass", "else:", "    pass"]
        )
        return st.lists(st.one_of(bodies, tried), min_size=1, max_size=3).map(
            lambda parts: [line for part in parts for line in part]
        )

    return "\n".join(draw(st.recursive(leaf.map(lambda line: [line]), block, max_leaves=12))) + "\n"


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(source=sources())
def test_any_source_is_measured_as_radon_does(tmp_path: Path, source: str) -> None:
    ast.parse(source)
    path = tmp_path / "drawn.py"
    path.write_text(source)

    quality = measure_file(str(path))

    expected = cc_visit(source)
    assert sorted((block.name, block.line, block.complexity) for block in quality.blocks) == sorted(
        (block.fullname, block.lineno, block.complexity) for block in expected
    )
    assert quality.index == mi_visit(source, multi=True)
    if expected:
        total = sum(block.complexity for block in quality.blocks)
        assert total / len(quality.blocks) == average_complexity(expected)


def test_a_repositorys_configuration_is_not_obeyed(tmp_path: Path) -> None:
    plant(tmp_path, {"a.py": "def f():\n    assert a\n    def g(): pass\n"})
    plain = analyze(tmp_path, limits=LIMITS).blocks

    plant(tmp_path, {"radon.cfg": "[radon]\nno_assert = true\nshow_closures = true\noutput_file = stolen\n"})

    assert analyze(tmp_path, limits=LIMITS).blocks == plain
    assert [(block.name, block.complexity) for block in plain] == [("f", 2)]
    assert not (tmp_path / "stolen").exists()


def test_a_long_table_keeps_its_complexity_without_an_index(tmp_path: Path) -> None:
    table = "TABLE = [\n" + "    (1, 2, 3),\n" * 5000 + "]\n"
    plant(tmp_path, {"table.py": f"{table}def f():\n    pass\n"})

    report = analyze(tmp_path, limits=LIMITS)

    assert [block.name for block in report.blocks] == ["f"]
    assert report.files == []
    assert [(file.path, file.reason.split(":")[0]) for file in report.skipped] == [
        ("table.py", "maintainability index")
    ]


def test_long_comments_are_no_long_statement(tmp_path: Path) -> None:
    plant(tmp_path, {"comment.py": "# a comment of some length\n" * 3000 + "def f():\n    pass\n"})

    assert [file.path for file in analyze(tmp_path, limits=LIMITS).files] == ["comment.py"]


def test_a_broken_link_is_skipped_with_the_reason(tmp_path: Path) -> None:
    (tmp_path / "broken.py").symlink_to("nowhere")

    [skipped] = analyze(tmp_path, limits=LIMITS).skipped

    assert (skipped.path, skipped.reason) == ("broken.py", "No such file or directory")


def test_an_empty_tree_has_nothing_to_measure(tmp_path: Path) -> None:
    report = analyze(tmp_path, limits=LIMITS)

    assert (report.blocks, report.files, report.hotspots, report.average_complexity) == ([], [], [], 0.0)


@pytest.mark.parametrize("processes", [1, 3])
def test_the_number_of_processes_does_not_change_the_report(tmp_path: Path, processes: int) -> None:
    tree = awkward_tree(tmp_path)

    assert analyze(tree, limits=Limits(memory_mb=500 * processes, processes=processes)) == analyze(tree, limits=LIMITS)
