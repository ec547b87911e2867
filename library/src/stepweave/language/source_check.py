"""Finds in an author's source what does nothing in a workflow function, because the function runs once, at build time.

Most misuse of a value of run time is noticed when it happens: see `Placeholder`. Python asks no object before it
catches an error, compares with ``is`` or matches a type, so these are found in the source.
"""

from __future__ import annotations

import ast
import inspect
import linecache
import sys
from collections.abc import Callable, Iterator
from functools import lru_cache
from types import CodeType

from stepweave.contract.agent import Agent
from stepweave.graph.errors import WorkflowError
from stepweave.graph.location import SourceLocation
from stepweave.language.call_site import is_own, shown

_Function = ast.FunctionDef | ast.AsyncFunctionDef
_NO_EFFECT = (ast.Attribute, ast.Name, ast.Compare, ast.BinOp, ast.BoolOp, ast.UnaryOp, ast.GeneratorExp, ast.Lambda)
_ASKS_FOR_TYPE = frozenset({"isinstance", "type", "callable", "repr", "ascii", "hasattr", "getattr", "vars", "id"})
_CATCH = (
    "no task runs while the workflow is built, so there is nothing to catch",
    "say it of the task: .retry(...), .optional(), or .fallback(...) for what is to run in its place",
)
_AROUND = {
    "try": _CATCH,
    "with": (
        "its block is left while the workflow is built, before any task runs",
        "do in the agents what has to be done around a task; .optional() goes on without one that fails",
    ),
}


def check_source(function: Callable[..., object]) -> None:
    """Refuse what cannot do in a workflow function what it seems to do.

    Raises
    ------
    WorkflowError
        With the line, and what to do instead.
    """
    code = function.__code__
    location = SourceLocation(shown(code.co_filename), code.co_firstlineno)
    if inspect.iscoroutinefunction(function) or inspect.isasyncgenfunction(function):
        raise WorkflowError(
            f"workflow {function.__name__!r} is an async function, which would never be awaited",
            location,
            "write 'def': tasks that do not depend on one another run side by side anyway",
        )
    if inspect.isgeneratorfunction(function):
        raise WorkflowError(
            f"workflow {function.__name__!r} is a generator, of which nothing would run",
            location,
            "return one result instead of 'yield'",
        )
    written = _written(code)
    if written is not None:
        _Checked(function, location.file).check(written)


def check_not_enclosed() -> None:
    """Refuse a call of an agent in a ``try`` or ``with`` of the workflow function, or of a function that it calls.

    Raises
    ------
    WorkflowError
        With the line of that statement, and what to do instead.
    """
    frame = sys._getframe(1)  # noqa: SLF001 - inspect.stack() reads every source file on the way
    while frame is not None and is_own(frame.f_code.co_filename):
        frame = frame.f_back  # type: ignore[assignment]
    while frame is not None and not is_own(frame.f_code.co_filename):
        for keyword, first, last in _enclosing(frame.f_code):
            if first <= frame.f_lineno <= last:
                why, remedy = _AROUND[keyword]
                raise WorkflowError(
                    f"a task is called inside a {keyword!r}: {why}",
                    SourceLocation(shown(frame.f_code.co_filename), first),
                    remedy,
                )
        frame = frame.f_back  # type: ignore[assignment]


class _Checked:
    """Looks through a workflow function; `_values` are its names for values of run time."""

    def __init__(self, function: Callable[..., object], file: str) -> None:
        self._known = inspect.getclosurevars(function)
        self._file = file
        self._values = set(inspect.signature(function).parameters)

    def check(self, function: _Function) -> None:
        nodes = list(_own_nodes(function))
        self._find_values(nodes)
        for node in nodes:
            self._check(node)

    def _find_values(self, nodes: list[ast.AST]) -> None:
        for node in nodes:
            match node:
                case ast.Assign(targets=targets, value=value):
                    for target in targets:
                        self._name_values(target, value)
                case (
                    ast.AnnAssign(target=target, value=ast.expr() as value) | ast.NamedExpr(target=target, value=value)
                ):
                    self._name_values(target, value)

    def _check(self, node: ast.AST) -> None:
        match node:
            case ast.Try() | ast.TryStar():
                self._refuse(node, "a 'try' in a workflow function: " + _CATCH[0], _CATCH[1])
            case ast.Compare(ops=ops) if any(isinstance(op, ast.Is | ast.IsNot) for op in ops):
                for side in (node.left, *node.comparators):
                    self._refuse_value(side, "compared by 'is'")
            case ast.Match(subject=subject):
                self._refuse_value(subject, "matched")
            case ast.Call(func=ast.Name(asks), args=[first, *_]) if asks in _ASKS_FOR_TYPE:
                self._refuse_value(first, f"given to {asks}()")
            case ast.FormattedValue(value=value):
                self._refuse_value(value, "used as text")
            case ast.Expr(value=value) if isinstance(value, _NO_EFFECT):
                self._refuse(
                    node,
                    f"the statement {ast.unparse(value)!r} does nothing",
                    "call it, as in task.optional(), or remove it",
                )

    def _name_values(self, target: ast.expr, value: ast.expr) -> None:
        match target, value:
            case ast.Name(name), _ if self._places_task(value):
                self._values.add(name)
            case ast.Tuple(names), ast.Tuple(values) if len(names) == len(values):
                for one, given in zip(names, values, strict=True):
                    self._name_values(one, given)

    def _places_task(self, value: ast.expr) -> bool:
        """Tell whether an expression calls an agent, with or without calls of the task's methods behind it."""
        if not isinstance(value, ast.Call):
            return False
        callee = value.func
        while isinstance(callee, ast.Attribute) and isinstance(callee.value, ast.Call):
            callee = callee.value.func
        if not isinstance(callee, ast.Name):
            return False
        return isinstance({**self._known.globals, **self._known.nonlocals}.get(callee.id), Agent)

    def _refuse_value(self, node: ast.expr, use: str) -> None:
        if self._places_task(node) or (isinstance(node, ast.Name) and node.id in self._values):
            self._refuse(
                node,
                f"{ast.unparse(node)!r} is {use}, but it has no value while the workflow is built",
                "hand it to an agent and let the agent look into it",
            )

    def _refuse(self, node: ast.stmt | ast.expr, problem: str, remedy: str) -> None:
        raise WorkflowError(problem, SourceLocation(self._file, node.lineno), remedy)


@lru_cache(maxsize=256)
def _enclosing(code: CodeType) -> tuple[tuple[str, int, int], ...]:
    """Return each ``try`` and ``with`` of a function, with its first and last line."""
    written = _written(code)
    return tuple(
        ("try" if isinstance(node, ast.Try | ast.TryStar) else "with", node.lineno, node.end_lineno or node.lineno)
        for node in (_own_nodes(written) if written else ())
        if isinstance(node, ast.Try | ast.TryStar | ast.With | ast.AsyncWith)
    )


def _written(code: CodeType) -> _Function | None:
    """Return a function as it is written; None if its source is not at hand."""
    for node in ast.walk(_tree(code.co_filename)):
        if isinstance(node, _Function) and node.name == code.co_name:
            first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
            if first == code.co_firstlineno:
                return node
    return None


@lru_cache(maxsize=16)
def _tree(file: str) -> ast.Module:
    try:
        return ast.parse("".join(linecache.getlines(file)))
    except SyntaxError:  # what was imported has changed since
        return ast.Module([], [])


def _own_nodes(function: _Function) -> Iterator[ast.AST]:
    """Yield what a function holds, in the order in which it is written, functions and classes inside it left out."""
    ahead: list[ast.AST] = list(reversed(function.body))
    while ahead:
        node = ahead.pop()
        yield node
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Lambda):
            ahead += reversed(list(ast.iter_child_nodes(node)))
