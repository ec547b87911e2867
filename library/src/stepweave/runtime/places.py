"""Where in a task's input something may stand for a result: a value itself, or one in a list or dict below it."""

from collections.abc import Callable, Iterator
from typing import TypeAlias

from pydantic import JsonValue

from stepweave.contract.gate import PUBLISHED_KEY
from stepweave.contract.reference import REFERENCE_KEY

Place: TypeAlias = tuple[str | int, ...]
"""The name of an input field, followed by the index or key below it, if it is there."""


def stands_for_result(value: JsonValue) -> bool:
    """Tell whether a value stands for a result: a reference to an object in S3, or to what a task published."""
    return isinstance(value, dict) and len(value) == 1 and (REFERENCE_KEY in value or PUBLISHED_KEY in value)


def places(values: dict[str, JsonValue]) -> Iterator[tuple[Place, JsonValue]]:
    """Yield every place, with what stands there."""
    for name, value in values.items():
        yield (name,), value
        if isinstance(value, list):
            yield from (((name, index), each) for index, each in enumerate(value))
        elif isinstance(value, dict) and not stands_for_result(value):
            yield from (((name, key), each) for key, each in value.items())


def replace_places(
    values: dict[str, JsonValue], replacement: Callable[[Place, JsonValue], JsonValue]
) -> dict[str, JsonValue]:
    """Return `values` with each place's value replaced."""
    replaced: dict[str, JsonValue] = {}
    for name, value in values.items():
        if isinstance(value, list):
            replaced[name] = [replacement((name, index), each) for index, each in enumerate(value)]
        elif isinstance(value, dict) and not stands_for_result(value):
            replaced[name] = {key: replacement((name, key), each) for key, each in value.items()}
        else:
            replaced[name] = replacement((name,), value)
    return replaced
