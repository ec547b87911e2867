"""Where in a task's input a value may stand for another, as the task's event says: nothing else is ever looked into."""

from collections.abc import Iterator, Mapping, Sequence
from typing import TypeAlias

from pydantic import JsonValue

from stepweave.contract.event import StandIn
from stepweave.contract.failure import TaskFailure
from stepweave.contract.gate import PUBLISHED_KEY
from stepweave.contract.reference import REFERENCE_KEY

Place: TypeAlias = tuple[str | int, ...]
"""The name of an input field, followed by the keys and indices that lead on from there."""


def places(values: dict[str, JsonValue], stand_ins: Sequence[StandIn] | None) -> Iterator[tuple[Place, JsonValue]]:
    """Yield every place where a value may stand for another, with what is there.

    Parameters
    ----------
    values : dict[str, JsonValue]
        The input by field name.
    stand_ins : Sequence[StandIn] | None
        The places. None in events of definitions that do not tell them: then every field may be one, and whatever is
        in a list or dict directly below it.
    """
    if stand_ins is None:
        yield from _every(values)
        return
    for path in stand_ins:
        yield from _at(values, path)


def replaced(values: dict[str, JsonValue], found: Mapping[Place, JsonValue]) -> dict[str, JsonValue]:
    """Return `values` with other values at some places."""
    result: dict[str, JsonValue] = dict(values)
    copied: set[Place] = {()}
    for place, value in found.items():
        inside: dict[str, JsonValue] | list[JsonValue] = result
        for depth, step in enumerate(place[:-1], start=1):
            below = _step(inside, step)
            if place[:depth] not in copied:
                below = dict(below) if isinstance(below, dict) else list(below)
                copied.add(place[:depth])
                _put(inside, step, below)
            inside = below
        _put(inside, place[-1], value)
    return result


def is_reference(value: JsonValue) -> bool:
    """Tell whether a value has the form of a reference to an object in S3."""
    return isinstance(value, dict) and len(value) == 1 and REFERENCE_KEY in value


def publisher(value: JsonValue) -> str | None:
    """Return the task whose published result a value stands for; None if it stands for none."""
    return str(value[PUBLISHED_KEY]) if isinstance(value, dict) and list(value) == [PUBLISHED_KEY] else None


def could_be_mistaken(value: JsonValue) -> bool:
    """Tell whether a value, where it may stand for another, would be taken for what stands for another.

    It must travel by reference then: what a reference leads to is never looked into.
    """
    if TaskFailure.looks_like(value):
        return True
    # Events that do not tell their places are searched one level deep.
    return any(is_reference(each) or publisher(each) is not None for _, each in _every({"": value}))


def _every(values: dict[str, JsonValue]) -> Iterator[tuple[Place, JsonValue]]:
    for name, value in values.items():
        yield (name,), value
        if isinstance(value, list):
            yield from (((name, index), each) for index, each in enumerate(value))
        elif isinstance(value, dict) and not is_reference(value) and publisher(value) is None:
            yield from (((name, key), each) for key, each in value.items())


def _at(value: JsonValue, path: StandIn, before: Place = ()) -> Iterator[tuple[Place, JsonValue]]:
    if not path:
        yield before, value
        return
    step, rest = path[0], path[1:]
    if isinstance(value, dict) and isinstance(step, str) and step in value:
        yield from _at(value[step], rest, (*before, step))
    elif isinstance(value, list) and step is None:
        for index, each in enumerate(value):
            yield from _at(each, rest, (*before, index))
    elif isinstance(value, list) and isinstance(step, int) and step < len(value):
        yield from _at(value[step], rest, (*before, step))


def _step(inside: dict[str, JsonValue] | list[JsonValue], step: str | int) -> dict[str, JsonValue] | list[JsonValue]:
    below = inside[step]  # type: ignore[index]
    assert isinstance(below, dict | list)  # noqa: S101 - the place was found by looking into it
    return below


def _put(inside: dict[str, JsonValue] | list[JsonValue], step: str | int, value: JsonValue) -> None:
    inside[step] = value  # type: ignore[index]
