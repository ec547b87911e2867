"""The public API of one file."""

import ast
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Literal

from pydantic import BaseModel, ConfigDict

from lambdas.documenter.signature import class_signature, function_signature
from lambdas.shared.repository.files import display_name
from lambdas.shared.repository.source import parse, valid_text

_MAX_SUMMARY = 300
_SECOND_HALVES = {"overload", "setter", "deleter"}


class Item(BaseModel):
    """A public module, class, function or method without its file; documented if it has a summary."""

    model_config = ConfigDict(frozen=True)

    line: int
    kind: Literal["module", "class", "function", "method"]
    name: str
    signature: str | None
    summary: str | None


class FileOutline(BaseModel):
    """The public API of one file in the order of its definitions, the module first."""

    model_config = ConfigDict(frozen=True)

    items: list[Item]


def outline_file(path: str) -> FileOutline:
    """Outline a file without running it.

    Raises
    ------
    OSError, SyntaxError, ValueError, RecursionError, MemoryError
        If it cannot be read or parsed.
    """
    return FileOutline(items=list(outline(parse(path), module_name(path))))


def module_name(path: str) -> str:
    """Return a module's own name, which is its folder's for a package.

    Example
    -------
    >>> module_name("shop/cart/__init__.py"), module_name("shop/cart/price.py")
    ('cart', 'price')
    """
    place = PurePosixPath(path)
    stem = place.parent.name if place.stem == "__init__" else place.stem
    return display_name(stem or place.stem)


def outline(module: ast.Module, name: str) -> Iterator[Item]:
    """Yield what is public in a module.

    At its top that is what ``__all__`` names, if it is a literal, else what does not start with an underscore; in a
    class, what does not start with one. Overloads, setters and deleters are documented where they are first defined.
    """
    if module.body:
        yield Item(line=1, kind="module", name=name, signature=None, summary=_summary(module))
    exported = _exported(module)
    yield from _members(module, "", exported)


def _members(scope: ast.Module | ast.ClassDef, prefix: str, exported: set[str] | None) -> Iterator[Item]:
    seen: set[str] = set()
    for node in _definitions(scope):
        public = node.name in exported if exported is not None else not node.name.startswith("_")
        if not public or node.name in seen or _is_second_half(node):
            continue
        seen.add(node.name)
        name = f"{prefix}{node.name}"
        if isinstance(node, ast.ClassDef):
            yield Item(
                line=node.lineno, kind="class", name=name, signature=class_signature(node), summary=_summary(node)
            )
            yield from _members(node, f"{name}.", None)
        else:
            kind: Literal["function", "method"] = "method" if prefix else "function"
            yield Item(
                line=node.lineno, kind=kind, name=name, signature=function_signature(node), summary=_summary(node)
            )


def _definitions(
    scope: ast.stmt | ast.Module | ast.ExceptHandler | ast.match_case,
) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef]:
    """Yield the definitions in a scope, also those below a condition."""
    for child in ast.iter_child_nodes(scope):
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield child
        elif isinstance(child, ast.stmt | ast.ExceptHandler | ast.match_case):
            yield from _definitions(child)


def _exported(module: ast.Module) -> set[str] | None:
    """Return the names in ``__all__``; None if there is none, or one that only running the module would tell."""
    names: set[str] | None = None
    for statement in module.body:
        match statement:
            case (
                ast.Assign(targets=[ast.Name(id="__all__")], value=value)
                | ast.AnnAssign(target=ast.Name(id="__all__"), value=ast.expr() as value)
            ):
                names = set()
            case ast.AugAssign(target=ast.Name(id="__all__"), value=value) if names is not None:
                pass
            case _:
                continue
        literal = _strings(value)
        if literal is None:
            return None
        names |= literal
    return names


def _strings(value: ast.expr) -> set[str] | None:
    if not isinstance(value, ast.List | ast.Tuple):
        return None
    texts = [item.value for item in value.elts if isinstance(item, ast.Constant) and isinstance(item.value, str)]
    return set(texts) if len(texts) == len(value.elts) else None


def _is_second_half(node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> bool:
    names = (
        decorator.attr if isinstance(decorator, ast.Attribute) else getattr(decorator, "id", "")
        for decorator in node.decorator_list
    )
    return not _SECOND_HALVES.isdisjoint(names)


def _summary(node: ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) -> str | None:
    lines = (ast.get_docstring(node) or "").strip().splitlines()
    if not lines:
        return None
    line = valid_text(lines[0].strip())
    return line if len(line) <= _MAX_SUMMARY else f"{line[: _MAX_SUMMARY - 1]}…"
