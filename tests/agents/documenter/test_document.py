"""The documenter outlines the public API and counts its docstrings."""

import ast
import inspect
import json
import types
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdas.analyzer.analyze import analyze
from lambdas.documenter.document import document
from lambdas.documenter.outline import module_name, outline
from lambdas.shared.repository.isolation import Limits
from tests.shared.repository.trees import PROJECT, awkward_tree, by_hand, plant

LIMITS = Limits(memory_mb=700, processes=1)

SOURCE = '''"""A shop."""
from typing import overload

class Cart(dict):
    """What is to be bought.

    More.
    """

    def __init__(self, owner: str, /, size=3, *, tags=()) -> None:
        pass

    def total(self, prices: list[int], *rest: int, discount: float = 0.5, **more) -> float:
        """Add up."""
        return 0.0

    @property
    def size(self): return 1

    @size.setter
    def size(self, value): pass

    def _hidden(self): pass

    class Item:
        async def price(self): pass

def _private(): pass

@overload
def find(what: str) -> str: ...
@overload
def find(what: int) -> int: ...
def find(what):
    """Find it."""

if True:
    def conditional(): pass
else:
    def conditional(): pass
'''


def names(source: str) -> dict[str, str]:
    return {item.name: item.kind for item in outline(ast.parse(source), "shop")}


def test_what_is_public() -> None:
    assert names(SOURCE) == {
        "shop": "module",
        "Cart": "class",
        "Cart.total": "method",
        "Cart.size": "method",
        "Cart.Item": "class",
        "Cart.Item.price": "method",
        "find": "function",
        "conditional": "function",
    }


@pytest.mark.parametrize(
    ("exports", "expected"),
    [
        ("__all__ = ['_b']", {"_b"}),
        ("__all__: list[str] = ['a']", {"a"}),
        ("__all__ = ('a',)\n__all__ += ['_b']", {"a", "_b"}),
        ("__all__ = []", set()),
        ("__all__ = [name for name in dir()]", {"a"}),
        ("__all__ = ['a'] + other.__all__", {"a"}),
    ],
)
def test_a_literal_all_says_what_is_public(exports: str, expected: set[str]) -> None:
    assert names(f"{exports}\ndef a(): pass\ndef _b(): pass\n").keys() - {"shop"} == expected


def test_signatures_and_summaries(tmp_path: Path) -> None:
    plant(tmp_path, {"shop.py": SOURCE})

    entries = {entry.name: entry for entry in document(tmp_path, limits=LIMITS).outline}

    total = entries["Cart.total"]
    assert total.signature == "(self, prices: list[int], *rest: int, discount: float=0.5, **more) -> float"
    assert (total.summary, total.path, total.complexity) == ("Add up.", "shop.py", None)
    assert entries["Cart"].signature == "(owner: str, /, size=3, *, tags=())"
    assert entries["Cart"].summary == "What is to be bought."
    assert entries["Cart.Item"].signature is None
    assert entries["shop"].summary == "A shop."
    assert entries["conditional"].summary is None


@given(st.lists(st.sampled_from(["a", "b", "/", "*", "c=1", "*rest", "**more"]), unique=True, max_size=6))
def test_a_classs_signature_is_what_inspect_says_of_it(parameters: list[str]) -> None:
    source = f"class C:\n    def __init__({', '.join(['self', *parameters])}): pass\n"
    try:
        code = compile(source, "drawn", "exec")
    except SyntaxError:
        return
    module = types.ModuleType("drawn")
    exec(code, module.__dict__)  # noqa: S102  - the test's own source

    [drawn] = [item for item in outline(ast.parse(source), "m") if item.kind == "class"]

    assert drawn.signature == str(inspect.signature(module.C))


def test_complexity_is_taken_from_the_analysis(tmp_path: Path) -> None:
    plant(tmp_path, {"a.py": "class A:\n    @staticmethod\n    def f(x):\n        return x and 1 or 2\n"})

    entries = document(tmp_path, analyze(tmp_path, limits=LIMITS), LIMITS).outline

    assert {entry.name: entry.complexity for entry in entries} == {"a": None, "A": 4, "A.f": 3}


def test_private_modules_and_tests_are_left_out(tmp_path: Path) -> None:
    files = [
        "a.py",
        "_b.py",
        "pkg/__init__.py",
        "_pkg/c.py",
        ".hidden/d.py",
        "tests/e.py",
        "test_f.py",
        "pkg/__main__.py",
    ]
    plant(tmp_path, dict.fromkeys(files, "x = 1\n"))

    assert [entry.path for entry in document(tmp_path, limits=LIMITS).outline] == ["a.py", "pkg/__init__.py"]


def test_an_empty_module_has_nothing_to_document(tmp_path: Path) -> None:
    plant(tmp_path, {"pkg/__init__.py": "", "pkg/comment.py": "# nothing\n"})

    report = document(tmp_path, limits=LIMITS)

    assert (report.documentable, report.documented, report.percent) == (0, 0, 100.0)


def test_awkward_files_are_skipped_or_outlined(tmp_path: Path) -> None:
    report = document(awkward_tree(tmp_path), limits=LIMITS)

    assert {file.path for file in report.skipped} >= {"syntax.py", "latin.py", "null.py", "deep.py"}
    assert {"surrogate.py", "cookie.py", "bom.py", "caf\\xe9.py"} <= {entry.path for entry in report.outline}
    [half] = [entry.summary for entry in report.outline if entry.path == "surrogate.py" and entry.name == "f"]
    assert half == "\\ud800 half."
    assert 0 <= report.documented <= report.documentable == len(report.outline)


def test_a_value_that_cannot_be_printed_does_not_cost_the_file(tmp_path: Path) -> None:
    plant(tmp_path, {"a.py": f"def f(x=0x{'f' * 6000}): pass\ndef g(x={'-' * 60}1): pass\n"})

    entries = {entry.name: entry.signature for entry in document(tmp_path, limits=LIMITS).outline}

    assert entries["f"] == "(…)"
    assert entries["g"] == f"(x={'-' * 60}1)"


def test_ruffs_docstring_rules_agree_about_this_project() -> None:
    """Ruff's D100 to D104 complain of the public definitions that have none; ours has no dunder methods among them."""
    tree = PROJECT / "state_machines"
    found = json.loads(
        by_hand(
            "ruff check --isolated --no-cache --exit-zero --select D100,D101,D102,D103,D104 --output-format=json .",
            tree,
        )
    )

    report = document(tree, limits=LIMITS)

    ours = {(entry.path, entry.line) for entry in report.outline if entry.summary is None}
    theirs = {(str(Path(item["filename"]).relative_to(tree.resolve())), item["location"]["row"]) for item in found}
    empty = {(str(path.relative_to(tree)), 1) for path in tree.rglob("__init__.py") if not path.read_text().strip()}
    assert ours - theirs == set()
    assert {place for place in theirs - ours if place not in empty and "/_" not in place[0]} == set()


@pytest.mark.parametrize(
    ("path", "name"),
    [("a/b.py", "b"), ("a/__init__.py", "a"), ("__init__.py", "__init__"), ("caf\udce9.py", "caf\\xe9")],
)
def test_a_modules_own_name(path: str, name: str) -> None:
    assert module_name(path) == name
