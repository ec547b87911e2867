"""The imports in a module's source, found without running it."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import PurePath
from typing import Final, TypeAlias

from stepweave.cdk.bundling.syntax_tree import syntax_tree
from stepweave.cdk.bundling.target import Target
from stepweave.cdk.errors import SynthesisError

_IMPORT_ERRORS: Final = frozenset({"ImportError", "ModuleNotFoundError", "Exception", "BaseException"})
_IMPORTERS: Final = frozenset({"importlib.import_module", "importlib.resources.files", "__import__"})


@dataclass(frozen=True)
class Import:
    """An import.

    Attributes
    ----------
    module : str
        The module's full name.
    names : tuple of str
        What is taken out of it: submodules, or what it defines. An asterisk is left out.
    line : int
        The line in the source.
    """

    module: str
    names: tuple[str, ...]
    line: int


@dataclass(frozen=True)
class Attempt:
    """Imports that may fail.

    Attributes
    ----------
    tried : tuple of Step
        What is imported if it is there.
    otherwise : tuple of Step
        What is imported in its place if some of it is not.
    then : tuple of Step
        What is imported only if all of it is.
    """

    tried: tuple[Step, ...]
    otherwise: tuple[Step, ...] = ()
    then: tuple[Step, ...] = ()


Step: TypeAlias = Import | Attempt


def every_import(steps: Sequence[Step]) -> Iterator[Import]:
    """Yield all imports that may happen."""
    for step in steps:
        if isinstance(step, Import):
            yield step
        else:
            yield from every_import((*step.tried, *step.otherwise, *step.then))


def happening(steps: Sequence[Step], fails: Callable[[Import], bool]) -> Iterator[Import]:
    """Yield the imports that happen, of which those fail that nothing makes up for.

    Parameters
    ----------
    steps : Sequence[Step]
        The imports of a module.
    fails : Callable
        Tells whether an import does.
    """
    for step in steps:
        if isinstance(step, Import):
            yield step
            continue
        tried = list(happening(step.tried, fails))
        if not any(map(fails, tried)):
            yield from tried
            yield from happening(step.then, fails)
            continue
        otherwise = list(happening(step.otherwise, fails))
        helped = not any(map(fails, otherwise))
        yield from (one for one in tried if not (helped and fails(one)))
        yield from otherwise


@lru_cache(maxsize=4096)
def read_imports(source: bytes, path: PurePath, target: Target) -> tuple[Step, ...]:
    """Return the imports of a module that may happen where it runs, in functions too.

    Parameters
    ----------
    source : bytes
        The module's source.
    path : PurePath
        Its file, relative to the folder from which it is imported.
    target : Target
        What runs it.

    Raises
    ------
    SynthesisError
        If it is not valid Python.

    Example
    -------
    >>> read_imports(b"from . import rates", PurePath("claims/handler.py"), Target((3, 13)))
    (Import(module='claims', names=('rates',), line=1),)
    """
    try:
        tree = syntax_tree(source)
    except (SyntaxError, ValueError, RecursionError) as error:
        line = getattr(error, "lineno", None)
        where = path.as_posix() if line is None else f"{path.as_posix()}:{line}"
        raise SynthesisError(f"{where}: not valid Python, and a function imports it: {error}") from error
    return tuple(_Reader(path, target, tree).steps(tree.body))


class _Reader:
    def __init__(self, path: PurePath, target: Target, tree: ast.Module) -> None:
        self._path = path
        self._target = target
        self._package = path.parent.parts
        self._aliases: dict[str, str] = {}
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                self._aliases |= {one.asname: one.name for one in node.names if one.asname}
            elif isinstance(node, ast.ImportFrom) and not node.level:
                self._aliases |= {one.asname or one.name: f"{node.module}.{one.name}" for one in node.names}

    def steps(self, nodes: Sequence[ast.AST]) -> Iterator[Step]:
        """Yield the imports of statements and expressions, in the order in which they stand there."""
        pending = [*reversed(nodes)]  # expressions may be nested more deeply than functions can call one another
        while pending:
            node = pending.pop()
            within: Sequence[ast.AST] = list(ast.iter_child_nodes(node))
            match node:
                case ast.Import(names):
                    yield from (Import(one.name, (), node.lineno) for one in names)
                case ast.ImportFrom(module, names, level):
                    taken = tuple(one.name for one in names if one.name != "*")
                    yield Import(self._absolute(module or "", level or 0, node.lineno), taken, node.lineno)
                case ast.If(test, body, orelse):
                    holds = self._target.holds(test, self._name)
                    within = [test, *(body if holds is not False else ()), *(orelse if not holds else ())]
                case ast.Try() | ast.TryStar() if forgiving := [each for each in node.handlers if self._forgives(each)]:
                    tried, otherwise, then = (
                        tuple(self.steps(part)) for part in (node.body, forgiving[0].body, node.orelse)
                    )
                    yield Attempt(tried, otherwise, then)
                    within = [*(each for each in node.handlers if each is not forgiving[0]), *node.finalbody]
                case ast.With(items, body) if any(self._suppresses(item.context_expr) for item in items):
                    yield Attempt(tuple(self.steps(body)))
                    within = ()
                case ast.Call(func, [ast.Constant(str(module)), *_]) if self._name(func) in _IMPORTERS:
                    yield self._called(module, node)
                case ast.Attribute(ast.Name(), attribute) if self._name(node) == f"stepweave.{attribute}":
                    yield Import("stepweave", (attribute,), node.lineno)  # a public name is imported when it is used
            pending += reversed(within)

    def _forgives(self, handler: ast.ExceptHandler) -> bool:
        """Tell whether a module goes on after a failed import; one that raises another error does not."""
        return self._catches(handler.type) and not any(isinstance(each, ast.Raise) for each in handler.body)

    def _catches(self, caught: ast.expr | None) -> bool:
        if isinstance(caught, ast.Tuple):
            return any(self._catches(one) for one in caught.elts)
        return caught is None or (self._name(caught) or "").removeprefix("builtins.") in _IMPORT_ERRORS

    def _suppresses(self, manager: ast.expr) -> bool:
        return (
            isinstance(manager, ast.Call)
            and self._name(manager.func) == "contextlib.suppress"
            and any(self._catches(one) for one in manager.args)
        )

    def _called(self, module: str, call: ast.Call) -> Import:
        """Return the import that a call does; a name that begins with dots is taken to be relative to this package."""
        level = len(module) - len(module.lstrip("."))
        anchors = [*call.args[1:], *(keyword.value for keyword in call.keywords if keyword.arg == "package")]
        named = [one.value for one in anchors if isinstance(one, ast.Constant) and isinstance(one.value, str)]
        if level and named:
            package = named[0].split(".")
            return Import(".".join([*package[: len(package) - level + 1], module[level:]]), (), call.lineno)
        return Import(self._absolute(module[level:], level, call.lineno), (), call.lineno)

    def _absolute(self, module: str, level: int, line: int) -> str:
        if not level:
            return module
        if level > len(self._package):
            raise SynthesisError(
                f"{self._path.as_posix()}:{line}: a relative import beyond the top-level package: it has {level} dots, "
                f"and the module lies {len(self._package)} packages deep; write the module's full name"
            )
        return ".".join([*self._package[: len(self._package) - level + 1], *([module] if module else [])])

    def _name(self, node: ast.expr) -> str | None:
        """Return the full name of what an expression refers to, as far as the module's imports tell."""
        match node:
            case ast.Name(name):
                return self._aliases.get(name, name)
            case ast.Attribute(value, attribute):
                of = self._name(value)
                return None if of is None else f"{of}.{attribute}"
            case ast.Subscript(value, ast.Slice(None, ast.Constant(2), None)):  # sys.version_info[:2]
                return self._name(value)
        return None
