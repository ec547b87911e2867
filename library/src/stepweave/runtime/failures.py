"""What an optional task's failure becomes in the input of a task that depends on it."""

from collections.abc import Iterator
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel, JsonValue

from stepweave.contract.failure import TaskFailure


def admit_failures(model: type[BaseModel], values: dict[str, JsonValue]) -> dict[str, JsonValue]:
    """Keep the failures that the input's types admit, and put None in place of the others.

    A failure may stand for a value itself, or in a list or dict of results directly below it.

    Parameters
    ----------
    model : type[BaseModel]
        The input's model. A failure is kept where the type names :class:`TaskFailure`.
    values : dict[str, JsonValue]
        The input by field name.

    Returns
    -------
    dict[str, JsonValue]
        The input; the same object if no task failed.
    """
    if not any(_holds_failure(value) for value in values.values()):
        return values
    annotations = _annotations(model)
    return {name: _admit(annotations.get(name, Any), value) for name, value in values.items()}


def _holds_failure(value: JsonValue) -> bool:
    if isinstance(value, list):
        return any(map(TaskFailure.looks_like, value))
    if isinstance(value, dict):
        return TaskFailure.looks_like(value) or any(map(TaskFailure.looks_like, value.values()))
    return False


def _admit(annotation: object, value: JsonValue) -> JsonValue:
    if TaskFailure.looks_like(value):
        return value if TaskFailure in _alternatives(annotation) else None
    containers = [each for each in _alternatives(annotation) if get_origin(each) is not None]
    if not containers:
        return value  # the result of a task, whose own fields are none of our business
    admitted = any(TaskFailure in _alternatives(argument) for each in containers for argument in get_args(each))
    if isinstance(value, list):
        return [None if not admitted and TaskFailure.looks_like(each) else each for each in value]
    if isinstance(value, dict):
        return {key: None if not admitted and TaskFailure.looks_like(each) else each for key, each in value.items()}
    return value


def _annotations(model: type[BaseModel]) -> dict[str, object]:
    """Return each field's type, by its name and by its alias."""
    return {
        known: info.annotation
        for name, info in model.model_fields.items()
        for known in (name, info.alias, info.validation_alias)
        if isinstance(known, str)
    }


def _alternatives(annotation: object) -> Iterator[object]:
    """Yield the members of a union, however it is nested or annotated."""
    origin = get_origin(annotation)
    if origin is Annotated:
        yield from _alternatives(get_args(annotation)[0])
    elif origin is Union or type(annotation).__name__ == "UnionType":
        for member in get_args(annotation):
            yield from _alternatives(member)
    elif hasattr(annotation, "__value__"):  # a type alias
        yield from _alternatives(annotation.__value__)
    else:
        yield annotation
