"""How a function or class is called, as its source has it."""

import ast

from lambdas.shared.repository.source import valid_text

_MAX_LENGTH = 500


def function_signature(node: ast.FunctionDef | ast.AsyncFunctionDef) -> str:
    """Return the parameters and the annotation of the result.

    Example
    -------
    >>> function_signature(ast.parse("def price(item: str, *, net=False) -> float: ...").body[0])
    '(item: str, *, net=False) -> float'
    """
    returns = f" -> {_text(node.returns)}" if node.returns else ""
    return _shortened(f"({_text(node.args)}){returns}")


def class_signature(node: ast.ClassDef) -> str | None:
    """Return the parameters of the constructor, less the instance; None if the class defines none itself."""
    for member in node.body:
        if isinstance(member, ast.FunctionDef) and member.name == "__init__":
            return _shortened(f"({_text(_without_instance(member.args))})")
    return None


def _without_instance(arguments: ast.arguments) -> ast.arguments:
    positional_only = arguments.posonlyargs[1:]
    plain = arguments.args if arguments.posonlyargs else arguments.args[1:]
    defaults = arguments.defaults[-(len(positional_only) + len(plain)) :] if positional_only or plain else []
    return ast.arguments(
        posonlyargs=positional_only,
        args=plain,
        vararg=arguments.vararg,
        kwonlyargs=arguments.kwonlyargs,
        kw_defaults=arguments.kw_defaults,
        kwarg=arguments.kwarg,
        defaults=defaults,
    )


def _text(node: ast.AST) -> str:
    try:
        return valid_text(ast.unparse(node))
    except (RecursionError, ValueError):  # nested too deeply, or a number too long to print
        return "…"


def _shortened(text: str) -> str:
    return text if len(text) <= _MAX_LENGTH else f"{text[: _MAX_LENGTH - 1]}…"
