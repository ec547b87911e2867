"""What an optional task's failure becomes in the input of a task that depends on it."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel, JsonValue

from stepweave.contract.event import StandIn
from stepweave.contract.failure import TaskFailure
from stepweave.contract.json_values import key_of
from stepweave.contract.value_paths import Place, places, replaced


def failed_places(values: dict[str, JsonValue], stand_ins: Sequence[StandIn] | None) -> list[Place]:
    """Return where in a task's input the failures of optional tasks stand.

    Parameters
    ----------
    values : dict[str, JsonValue]
        The input by field name, with its references: a result that looks like a failure travels as one.
    stand_ins : Sequence[StandIn] | None
        Where failures may be, as the task's event says.
    """
    return [place for place, value in places(values, stand_ins) if TaskFailure.looks_like(value)]


def admit_failures(
    model: type[BaseModel], values: dict[str, JsonValue], failed: Collection[Place]
) -> dict[str, JsonValue]:
    """Keep the failures that the input's types admit, and put None in place of the others.

    Parameters
    ----------
    model : type[BaseModel]
        The input's model. A failure is kept where the type names :class:`TaskFailure`.
    values : dict[str, JsonValue]
        The input by field name.
    failed : Collection[Place]
        Where the failures are.

    Returns
    -------
    dict[str, JsonValue]
        The input; the same object if no task failed.
    """
    if not failed:
        return values
    annotations = {key_of(name, info): info.annotation for name, info in model.model_fields.items()}
    refused: dict[Place, JsonValue] = {
        place: None for place in failed if not _admits(annotations.get(str(place[0]), Any), len(place) - 1)
    }
    return replaced(values, refused)


def _admits(annotation: object, depth: int) -> bool:
    """Tell whether a type, or that of the items so deep inside it, names failures."""
    kinds: Iterable[object] = [annotation]
    for _ in range(depth):
        kinds = [item for kind in kinds for each in _alternatives(kind) for item in get_args(each)]
    if not kinds:
        return True  # the type says nothing of what is inside: the field of a model, or of anything
    return any(TaskFailure in _alternatives(kind) for kind in kinds)


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
