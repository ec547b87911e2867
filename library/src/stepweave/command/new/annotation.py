"""Types as source text: what one writes, and what one imports for it."""

import types
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal, Union, get_args, get_origin


class NoSourceError(Exception):
    """A type cannot be written by importable names."""


@dataclass(frozen=True)
class Annotation:
    """How a type is written.

    Parameters
    ----------
    text : str
        The type as source text.
    imports : frozenset of (str, str)
        The module and the name of each thing that the text needs.
    """

    text: str
    imports: frozenset[tuple[str, str]] = field(default_factory=frozenset)


def annotation_of(annotated: object) -> Annotation:
    """Return how a type is written.

    Raises
    ------
    NoSourceError
        If it has no importable name, as a class that was defined inside a function.

    Example
    -------
    >>> annotation_of(list[str] | None).text
    'list[str] | None'
    """
    if annotated in (None, types.NoneType):
        return Annotation("None")
    if annotated is Any:
        return Annotation("Any", frozenset({("typing", "Any")}))
    if get_origin(annotated) is not None:
        return _parametrized(annotated)
    if not isinstance(annotated, type) or not annotated.__qualname__.isidentifier():
        raise NoSourceError(str(annotated))
    needed = set() if annotated.__module__ == "builtins" else {(annotated.__module__, annotated.__name__)}
    return Annotation(annotated.__name__, frozenset(needed))


def _parametrized(annotated: object) -> Annotation:
    origin, arguments = get_origin(annotated), get_args(annotated)
    if origin in (Union, types.UnionType):
        return _joined(" | ", map(annotation_of, arguments))
    if origin is Literal:
        return _literal(arguments)
    if origin is Annotated:
        return annotation_of(arguments[0])
    if not arguments or Ellipsis in arguments:
        raise NoSourceError(str(annotated))
    outer, inner = annotation_of(origin), _joined(", ", map(annotation_of, arguments))
    return Annotation(f"{outer.text}[{inner.text}]", outer.imports | inner.imports)


def _joined(separator: str, parts: Iterable[Annotation]) -> Annotation:
    whole = list(parts)
    imports: frozenset[tuple[str, str]] = frozenset().union(*(part.imports for part in whole))
    return Annotation(separator.join(part.text for part in whole), imports)


def _literal(values: tuple[object, ...]) -> Annotation:
    if not all(value is None or type(value) in (str, int, bool) for value in values):
        raise NoSourceError(str(values))
    return Annotation(f"Literal[{', '.join(map(repr, values))}]", frozenset({("typing", "Literal")}))
