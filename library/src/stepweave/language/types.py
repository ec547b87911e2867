"""Decides whether a value of one type may go where another type is declared."""

import collections.abc
import types
import typing
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import JsonValue

from stepweave.contract.failure import TaskFailure

_ANYTHING = (Any, object, JsonValue)
_LISTS = (list, tuple, set, frozenset, collections.abc.Sequence, collections.abc.Iterable, collections.abc.Collection)
_MAPPINGS = (dict, collections.abc.Mapping)


def accepts(declared: object, given: object) -> bool:
    """Tell whether a value of type `given` may go where `declared` is declared.

    Both are annotations: classes, unions, ``Annotated``, lists and mappings of such. A type that is not understood
    accepts only itself.
    """
    declared, given = _bare(declared), _bare(given)
    if declared in _ANYTHING or declared == given:
        return True
    if is_union(given):
        return all(accepts(declared, member) for member in get_args(given))
    if is_union(declared):
        return any(accepts(member, given) for member in get_args(declared))
    declared_origin, given_origin = get_origin(declared) or declared, get_origin(given) or given
    for kinds in (_LISTS, _MAPPINGS):
        if declared_origin in kinds and given_origin in kinds:
            return _accepts_items(get_args(declared), get_args(given))
    if isinstance(declared_origin, type) and isinstance(given_origin, type):
        widened = declared_origin is float and given_origin is int
        return not get_args(declared) and (widened or issubclass(given_origin, declared_origin))
    return False


def _accepts_items(declared: tuple[object, ...], given: tuple[object, ...]) -> bool:
    wanted = [item for item in declared if item is not Ellipsis]
    items = [item for item in given if item is not Ellipsis]
    if not wanted:
        return True
    return len(wanted) == len(items) and all(accepts(one, other) for one, other in zip(wanted, items, strict=True))


def accepts_failure(declared: object) -> bool:
    """Tell whether a failed optional task may be handed over: as ``TaskFailure`` or as None."""
    declared = _bare(declared)
    members = get_args(declared) if is_union(declared) else (declared,)
    return any(member in (TaskFailure, type(None), *_ANYTHING) for member in map(_bare, members))


def item_type(declared: object) -> object:
    """Return the type of the items of a list or of the values of a mapping; ``Any`` if it does not say."""
    declared = _bare(declared)
    if is_union(declared):
        for member in get_args(declared):
            if (get_origin(member) or member) in (*_LISTS, *_MAPPINGS):
                return item_type(member)
        return Any
    arguments = [item for item in get_args(declared) if item is not Ellipsis]
    return arguments[-1] if arguments else Any


def holds_items(declared: object, kind: type) -> bool:
    """Tell whether a list (`kind` is list) or an object with text keys (`kind` is dict) may go where it is declared."""
    declared = _bare(declared)
    if declared in _ANYTHING:
        return True
    if is_union(declared):
        return any(holds_items(member, kind) for member in get_args(declared))
    origin = get_origin(declared) or declared
    return origin in (_LISTS if kind is list else _MAPPINGS)


def is_union(annotation: object) -> bool:
    """Tell whether an annotation is ``A | B`` or ``Union[A, B]``."""
    return get_origin(annotation) in (Union, types.UnionType)


def type_name(annotation: object) -> str:
    """Return an annotation as an author would write it."""
    annotation = _bare(annotation)
    if annotation is type(None):
        return "None"
    if is_union(annotation):
        return " | ".join(type_name(member) for member in get_args(annotation))
    if get_origin(annotation):
        arguments = ", ".join("..." if item is Ellipsis else type_name(item) for item in get_args(annotation))
        return f"{type_name(get_origin(annotation))}[{arguments}]"
    return str(getattr(annotation, "__name__", annotation))


def _bare(annotation: object) -> object:
    while get_origin(annotation) is Annotated:
        annotation = get_args(annotation)[0]
    if annotation is None:
        return type(None)
    if isinstance(annotation, typing.TypeVar):
        return annotation.__bound__ or Any
    return annotation
