"""Bytecode that is there when a function starts."""

import importlib.util
import py_compile
from pathlib import Path

import pytest

from stepweave.cdk.bytecode import Bytecode


def bytecode_of(source: Path) -> Path:
    return Path(importlib.util.cache_from_source(str(source)))


def tree_with(folder: Path, text: str) -> Path:
    (folder / "package").mkdir(parents=True)
    source = folder / "package" / "module.py"
    source.write_text(text)
    return source


def test_python_runs_it_instead_of_the_source(tmp_path: Path) -> None:
    source = tree_with(tmp_path, "VALUE = 'compiled'\n")
    Bytecode().add_to(tmp_path)
    source.write_text("VALUE = 'changed!'\n")
    spec = importlib.util.spec_from_file_location("module", source)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert module.VALUE == "compiled"


def test_it_does_not_depend_on_where_the_tree_is(tmp_path: Path) -> None:
    here, there = (tree_with(tmp_path / name, "def f(): ...\n") for name in ("here", "there"))
    Bytecode().add_to(tmp_path / "here")
    Bytecode().add_to(tmp_path / "there")
    assert bytecode_of(here).read_bytes() == bytecode_of(there).read_bytes()


def test_a_source_is_compiled_once_for_all_trees(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sources = [tree_with(tmp_path / name, "VALUE = 1\n") for name in ("here", "there")]
    bytecode = Bytecode()
    bytecode.add_to(tmp_path / "here")
    monkeypatch.delattr(py_compile, "compile")
    bytecode.add_to(tmp_path / "there")
    assert bytecode_of(sources[1]).read_bytes() == bytecode_of(sources[0]).read_bytes()


@pytest.mark.parametrize("times", [1, 2])
def test_what_is_no_python_stays_as_it_is(tmp_path: Path, times: int) -> None:
    source = tree_with(tmp_path, "{{ template }}!\n")
    bytecode = Bytecode()
    for _ in range(times):
        bytecode.add_to(tmp_path)
    assert source.read_text() == "{{ template }}!\n"
    assert not bytecode_of(source).exists()
