"""Imports are followed as Python and pytest would resolve them."""

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lambdas.tester.import_graph import reached_files
from lambdas.tester.python_file import FileFacts, Import, read_facts
from tests.shared.repository.trees import plant


def follow(tree: Path, start: str) -> set[str]:
    facts = {str(path.relative_to(tree)): read_facts(str(path)) for path in tree.rglob("*.py")}
    return reached_files(facts, [start]) - {start}


PACKAGE = {"pkg/__init__.py": "", "pkg/a.py": "", "pkg/sub/__init__.py": "from .. import a\n", "pkg/sub/b.py": ""}


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        ("import pkg", {"pkg/__init__.py"}),
        ("import pkg.a as x", {"pkg/__init__.py", "pkg/a.py"}),
        ("from pkg import a", {"pkg/__init__.py", "pkg/a.py"}),
        ("from pkg.a import anything", {"pkg/__init__.py", "pkg/a.py"}),
        ("from pkg.sub import b", {"pkg/__init__.py", "pkg/a.py", "pkg/sub/__init__.py", "pkg/sub/b.py"}),
        ("def later():\n    import pkg", {"pkg/__init__.py"}),
        ("import importlib\nimportlib.import_module('pkg.a')", {"pkg/__init__.py", "pkg/a.py"}),
        ("import os.path, missing", set()),
        ("from . import nothing", set()),
    ],
)
@pytest.mark.parametrize("root", ["", "src/", "services/api/"])
def test_what_a_statement_reaches(tmp_path: Path, statement: str, expected: set[str], root: str) -> None:
    plant(tmp_path, {f"{root}{path}": content for path, content in PACKAGE.items()})
    plant(tmp_path, {"tests/test_it.py": statement})

    assert follow(tmp_path, "tests/test_it.py") == {f"{root}{path}" for path in expected}


def test_relative_imports_start_at_the_files_own_package(tmp_path: Path) -> None:
    plant(tmp_path, {**PACKAGE, "pkg/sub/test_b.py": "from .b import x\nfrom ..a import y\n"})

    assert follow(tmp_path, "pkg/sub/test_b.py") == set(PACKAGE)


def test_a_module_beside_the_test_comes_before_one_at_the_top(tmp_path: Path) -> None:
    plant(tmp_path, {"tests/test_it.py": "import support", "tests/support.py": "", "support.py": ""})

    assert follow(tmp_path, "tests/test_it.py") == {"tests/support.py"}


def test_cycles_end(tmp_path: Path) -> None:
    plant(tmp_path, {"a.py": "import b", "b.py": "import a"})

    assert follow(tmp_path, "a.py") == {"b.py"}


MODULES = [f"m{number}" for number in range(6)]


@given(
    st.dictionaries(st.sampled_from(MODULES), st.sets(st.sampled_from(MODULES)), min_size=1), st.sampled_from(MODULES)
)
def test_more_to_start_from_reaches_no_less(graph: dict[str, set[str]], extra: str) -> None:
    facts = {
        f"{name}.py": FileFacts(imports=[Import(module=other) for other in sorted(others)], test_functions=0)
        for name, others in graph.items()
    }
    start = next(iter(facts))

    alone = reached_files(facts, [start])
    more = reached_files(facts, [start, f"{extra}.py"])

    assert start in alone <= more <= facts.keys()
    for path in alone:
        assert {f"{statement.module}.py" for statement in facts[path].imports} & facts.keys() <= alone


@settings(max_examples=15, deadline=None)
@given(st.data())
def test_modules_that_python_imports_are_reached(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    names = ["p/__init__.py", "p/a.py", "p/b.py", "p/q/__init__.py", "p/q/c.py", "d.py"]
    statements = [
        "import p",
        "import p.a",
        "from p import b",
        "from p.q import c",
        "import p.q.c as c",
        "import d",
        "x = 1",
    ]
    files = {name: data.draw(st.sampled_from(statements), name) + "\n" for name in names}
    files["main.py"] = "\n".join(data.draw(st.lists(st.sampled_from(statements), max_size=3), "main")) + "\n"
    tree = plant(tmp_path_factory.mktemp("tree"), files)
    assert all(ast.parse(content) for content in files.values())
    program = (
        "import runpy, sys; runpy.run_path('main.py');"
        "print(*filter(None, (getattr(m, '__file__', None) for m in list(sys.modules.values()))), sep='\\n')"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=tree,
        env={**os.environ, "PYTHONPATH": str(tree)},
        capture_output=True,
        text=True,
        check=False,
    )

    reached = follow(tree, "main.py")

    if done.returncode == 0:  # a cycle of imports may fail
        imported = {Path(line) for line in done.stdout.splitlines()}
        assert reached == {str(path.relative_to(tree)) for path in imported if path.is_relative_to(tree)}
