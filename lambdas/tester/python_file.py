"""What one Python file says of tests and imports."""

import ast
from collections.abc import Iterable, Iterator

from pydantic import BaseModel, ConfigDict

from lambdas.shared.repository.source import parse, valid_text

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_IMPORTING_CALLS = {"import_module", "importorskip", "__import__"}


class Import(BaseModel):
    """An import statement: ``from ..a import b, c`` has level 2, module ``a`` and names ``b`` and ``c``."""

    model_config = ConfigDict(frozen=True)

    level: int = 0
    module: str = ""
    names: tuple[str, ...] = ()


class FileFacts(BaseModel):
    """The imports of a file, at whatever depth, and how many test functions it defines."""

    model_config = ConfigDict(frozen=True)

    imports: list[Import]
    test_functions: int


def read_facts(path: str) -> FileFacts:
    """Read a file without running it.

    Raises
    ------
    OSError, SyntaxError, ValueError, RecursionError, MemoryError
        If it cannot be read or parsed.
    """
    module = parse(path)
    return FileFacts(imports=list(_imports(module)), test_functions=count_tests(module))


def count_tests(module: ast.Module) -> int:
    """Count test functions as pytest collects them by default, a parametrized one once.

    Those are functions called ``test*`` in the module, methods called so in a class called ``Test*`` (unless it has a
    constructor), and those in a class derived from one called ``*TestCase``. Inherited tests are not counted.
    """
    return _count(module.body, {"TestCase"})


def _count(body: Iterable[ast.stmt], test_cases: set[str]) -> int:
    total = 0
    for statement in _unconditional(body):
        match statement:
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                total += statement.name.startswith("test")
            case ast.ClassDef():
                is_case = any(
                    base in test_cases or base.endswith("TestCase") for base in map(_last_name, statement.bases)
                )
                if is_case:
                    test_cases.add(statement.name)
                if is_case or (statement.name.startswith("Test") and not _has_constructor(statement)):
                    total += _count(statement.body, test_cases)
    return total


def _unconditional(body: Iterable[ast.stmt]) -> Iterator[ast.stmt]:
    """Yield the statements of a block, and of the blocks in it that open no scope."""
    for statement in body:
        yield statement
        if not isinstance(statement, (*_FUNCTIONS, ast.ClassDef)):
            yield from _unconditional(child for child in _blocks(statement))


def _blocks(statement: ast.stmt) -> Iterator[ast.stmt]:
    for child in ast.iter_child_nodes(statement):
        if isinstance(child, ast.stmt):
            yield child
        elif isinstance(child, ast.ExceptHandler | ast.match_case):
            yield from child.body


def _last_name(base: ast.expr) -> str:
    match base:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
    return ""


def _has_constructor(node: ast.ClassDef) -> bool:
    return any(isinstance(member, ast.FunctionDef) and member.name in {"__init__", "__new__"} for member in node.body)


def _imports(module: ast.Module) -> Iterator[Import]:
    for node in ast.walk(module):
        match node:
            case ast.Import():
                yield from (Import(module=alias.name) for alias in node.names)
            case ast.ImportFrom():
                names = tuple(alias.name for alias in node.names if alias.name != "*")
                yield Import(level=node.level, module=node.module or "", names=names)
            case ast.Call(func=function, args=[ast.Constant(value=str(name)), *_]) if _last_name(
                function
            ) in _IMPORTING_CALLS and not name.startswith("."):
                yield Import(module=valid_text(name))
