"""Which types may go where."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal, Optional, Union

import pytest
from pydantic import BaseModel, Field, JsonValue

from stepweave.contract.failure import TaskFailure
from stepweave.language.types import accepts, accepts_failure, type_name


class Animal(BaseModel):
    pass


class Dog(Animal):
    pass


@pytest.mark.parametrize(
    ("declared", "given", "fits"),
    [
        (Animal, Dog, True),
        (Dog, Animal, False),
        (Any, Dog, True),
        (object, Dog, True),
        (JsonValue, Dog, True),
        (float, int, True),
        (int, float, False),
        (Animal | None, Dog, True),
        (Optional[Animal], None, True),  # noqa: UP045 - the old spelling must work too
        (Union[int, str], bool, True),  # noqa: UP007
        (Animal, Animal | None, False),
        (Animal | None | int, Animal | None, True),
        (Annotated[int, Field(ge=0)], int, True),
        (int, Annotated[int, Field(ge=0)], True),
        (list[Animal], list[Dog], True),
        (Sequence[Animal], list[Dog], True),
        (list[Dog], list[Animal], False),
        (list, list[Dog], True),
        (list[Dog], Dog, False),
        (tuple[int, ...], list[int], True),
        (Mapping[str, float], dict[str, int], True),
        (dict[str, int], dict[str, str], False),
        (dict[str, int], list[int], False),
        (Literal["a"], Literal["a"], True),
        (Literal["a"], str, False),
    ],
)
def test_accepts(declared: object, given: object, fits: bool) -> None:
    assert accepts(declared, given) is fits


@pytest.mark.parametrize(
    ("declared", "room"),
    [
        (Dog, False),
        (Dog | None, True),
        (Dog | TaskFailure, True),
        (Annotated[Dog | None, Field()], True),
        (Any, True),
        (list[Dog], False),
    ],
)
def test_accepts_failure(declared: object, room: bool) -> None:
    assert accepts_failure(declared) is room


def test_type_names_read_as_they_are_written() -> None:
    assert type_name(list[Dog] | None) == "list[Dog] | None"
    assert type_name(Annotated[dict[str, int], Field()]) == "dict[str, int]"
