r"""A JSONPath leads where it leads on AWS.

Upstream defect: the library that follows paths is of another dialect. A path that goes on behind an array index, such
as ``$[1].report``, yields a list of the one value that it leads to; a wildcard, filter or descent that finds one value
yields the value, not a list, and one that finds none fails; filters know neither ``&&`` and ``||`` of mixed conditions
nor existence, ``!``, ``in`` or regular expressions; ``\`` in a quoted name is lost; negative indices and slices,
several names or indices in one bracket, and names with characters of other alphabets are refused. It also makes an
object of each value on the way.

Only wildcards, slices, filters, descents and lists of names or indices may yield lists, and these always do.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from moto.stepfunctions.parser.asl.utils import json_path

from stepweave.local_cloud.adapters.patch import replaced
from stepweave.local_cloud.adapters.step_functions.json_path_filters import FilterParser

_KEPT_PATHS: Final = 4096
_QUOTED: Final = r"""'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*\""""
_STEP: Final = re.compile(
    rf"""
    (?P<deep>\.\.)?
    (?:(?:\.|(?<=\.\.))?(?P<wildcard>\*)
    |(?:\.|(?<=\.\.))(?P<name>[^.\[\]\s()*?'",:@]+)
    |\.?\[\s*(?:
        (?P<any>\*)
        |(?P<names>(?:{_QUOTED})(?:\s*,\s*(?:{_QUOTED}))*)
        |(?P<indices>-?\d+(?:\s*,\s*-?\d+)*)
        |(?P<slice>-?\d*\s*:\s*-?\d*)
        |\?\s*\((?P<filter>(?:{_QUOTED}|\[[^\]]*\]|[^\]])*)\)
    )\s*\])
    """,
    re.VERBOSE | re.DOTALL,
)


@dataclass(frozen=True)
class Many:
    """A step that may lead to many values.

    Parameters
    ----------
    select
        Gives them, of a value and the document.
    is_of_arrays
        Whether it can only be applied to arrays.
    """

    select: Callable[[Any, Any], list[Any]]
    is_of_arrays: bool = False


Step = str | int | tuple[str, ...] | Many


class PathNotFoundError(json_path.NoSuchJsonPathError):  # type: ignore[misc]  # upstream has no types
    """A path leads nowhere.

    Parameters
    ----------
    path, data
        The path, and what it was applied to.
    reason
        What AWS says of it where it tells of an invalid path.
    """

    def __init__(self, path: str, data: Any, reason: str) -> None:
        super().__init__(path, data)
        self.reason = reason


@dataclass(frozen=True)
class Path:
    """A parsed path.

    Parameters
    ----------
    steps
        Names and indices; several names at the end select a part of an object.
    """

    steps: tuple[Step, ...]

    @property
    def is_definite(self) -> bool:
        """Whether it can only lead to one value."""
        return not any(isinstance(step, Many) for step in self.steps)

    def find(self, document: Any) -> list[Any]:
        """Return all that it leads to.

        Raises
        ------
        LookupError
            If it can only lead to one value, which is not there, or if what must be an array is none.
        """
        found, walked, is_certain, is_definite = [document], "$", True, self.is_definite
        for position, step in enumerate(self.steps):
            if isinstance(step, tuple):
                parts = [value for value in found if isinstance(value, dict)]
                found = [{name: value[name] for name in step if name in value} for value in parts]
                continue
            if isinstance(step, Many):
                if step.is_of_arrays and is_certain and not all(isinstance(value, list) for value in found):
                    raise LookupError(f"There is no array at path {walked}")
                found, is_certain = [inner for value in found for inner in step.select(value, document)], False
                continue
            walked += f"['{step}']" if isinstance(step, str) else f"[{step}]"
            found = [value[step] for value in found if _has(value, step)]
            if not found and is_definite:
                is_last = position == len(self.steps) - 1
                raise LookupError(f"{'No results for path:' if is_last else 'Missing property in path'} {walked}")
        return found


def _has(value: Any, step: str | int) -> bool:
    if isinstance(step, str):
        return isinstance(value, dict) and step in value
    return isinstance(value, list) and -len(value) <= step < len(value)


@lru_cache(maxsize=_KEPT_PATHS)
def parsed(text: str) -> Path:
    """Parse a path that begins with ``$``.

    Raises
    ------
    ValueError
        If it is none.

    Example
    -------
    >>> parsed("$.reports[0]['name']").steps
    ('reports', 0, 'name')
    >>> parsed("$.reports[?(@.size > 1)].name").find({"reports": [{"size": 1}, {"size": 2, "name": "b"}]})
    ['b']
    """
    if not text.startswith("$"):
        raise ValueError(f"a path begins with $, not as {text!r} does")
    text = text.rstrip()
    steps: list[Step] = []
    position = 1
    while position < len(text):
        found = _STEP.match(text, position)
        if found is None:
            raise ValueError(f"cannot read the path {text!r} at {text[position:]!r}")
        steps += _steps(found)
        position = found.end()
    inner = [_several(step) if isinstance(step, tuple) else step for step in steps[:-1]]
    return Path((*inner, *steps[-1:]))


def _steps(found: re.Match[str]) -> list[Step]:
    step = _step(found)
    if not found["deep"]:
        return [step]
    each = step if isinstance(step, Many) else _several(step if isinstance(step, tuple) else (step,))
    kinds = dict if found["filter"] is not None else dict | list

    def descend(value: Any, root: Any) -> list[Any]:
        nodes = (node for node in _nodes(value) if isinstance(node, kinds))
        return [inner for node in nodes for inner in each.select(node, root)]

    return [Many(descend)]


def _step(found: re.Match[str]) -> Step:
    if found["name"]:
        return found["name"]
    if found["names"]:
        names = tuple(_unquoted(quoted) for quoted in re.findall(_QUOTED, found["names"], re.DOTALL))
        return names[0] if len(names) == 1 else names
    if found["indices"]:
        indices = tuple(int(index) for index in found["indices"].split(","))
        return indices[0] if len(indices) == 1 else Many(_several(indices).select, is_of_arrays=True)
    if found["slice"]:
        start, end = (int(bound) if bound.strip() else None for bound in found["slice"].split(":"))
        return Many(lambda value, _: value[start:end] if isinstance(value, list) else [], is_of_arrays=True)
    if found["filter"] is not None:
        condition = FilterParser(
            found["filter"], lambda path: (_finder(parsed(path)), parsed(path).is_definite)
        ).parse()
        return Many(lambda value, root: [item for item in _filterable(value) if condition(item, root)])
    return Many(lambda value, _: _children(value))


def _several(steps: tuple[Any, ...]) -> Many:
    return Many(lambda value, _: [value[step] for step in steps if _has(value, step)])


def _filterable(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value] if isinstance(value, dict) else []


def _unquoted(quoted: str) -> str:
    """Take the quotation marks off; of backslashes, only those before such marks."""
    return quoted[1:-1].replace("\\" + quoted[0], quoted[0])


def _finder(path: Path) -> Callable[[Any], list[Any]]:
    def find(document: Any) -> list[Any]:
        try:
            return path.find(document)
        except LookupError:
            return []

    return find


def _children(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return list(value.values())
    return list(value) if isinstance(value, list) else []


def _nodes(value: Any) -> Iterator[Any]:
    if isinstance(value, dict | list):
        yield value
        for child in _children(value):
            yield from _nodes(child)


def extract(path: str, data: Any) -> Any:
    """Return what a path leads to.

    Raises
    ------
    PathNotFoundError
        If it leads nowhere.
    """
    way = parsed(path)
    try:
        found = way.find(data)
    except LookupError as error:
        raise PathNotFoundError(path, data, str(error)) from error
    return found[0] if way.is_definite else found


@contextmanager
def json_paths() -> Iterator[None]:
    """Follow paths as AWS does."""
    name = "extract_json"
    users = [
        module
        for key, module in sys.modules.items()
        if key.startswith("moto.stepfunctions.parser.") and hasattr(module, name)
    ]
    with ExitStack() as patches:
        for module in users:
            patches.enter_context(replaced(module, name, extract))
        yield
