from datetime import date, timedelta

import pytest
from pydantic import BaseModel, ConfigDict, Field, JsonValue

from stepweave.runtime.errors import InvalidInputError
from stepweave.runtime.task_input import read_event, read_input


class Exact(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", ser_json_bytes="base64", val_json_bytes="base64")

    day: date
    wait: timedelta
    raw: bytes
    pair: tuple[int, int]
    few: set[str] = Field(max_length=2)


EXACT = Exact(day=date(2026, 1, 2), wait=timedelta(minutes=3), raw=b"\xff\x00", pair=(1, 2), few={"a"})


def test_a_model_is_read_back_from_its_own_json_even_if_it_is_strict() -> None:
    assert read_input(Exact, "t", EXACT.model_dump(mode="json")) == EXACT


def test_every_field_that_does_not_fit_is_named_without_its_value() -> None:
    values: dict[str, JsonValue] = {**EXACT.model_dump(mode="json"), "day": "secret", "pair": [1, "secret"], "x": 1}
    with pytest.raises(InvalidInputError) as caught:
        read_input(Exact, "measure", values)
    said = str(caught.value)
    assert said.startswith("task 'measure': its input is no Exact: ")
    for place in ("input.day: ", "input.pair.1: ", "input.x: Extra inputs are not permitted"):
        assert place in said
    assert "secret" not in said


def test_many_errors_are_counted() -> None:
    class Numbers(BaseModel):
        numbers: list[int]

    with pytest.raises(InvalidInputError, match=r"input\.numbers\.4: .*; and 3 more$"):
        read_input(Numbers, "t", {"numbers": ["x"] * 8})


def test_text_that_is_not_unicode_is_refused() -> None:
    class Text(BaseModel):
        text: str

    with pytest.raises(InvalidInputError, match="half of a character"):
        read_input(Text, "t", {"text": "\ud800"})


def test_an_event_with_an_unknown_field_is_refused() -> None:
    event = {"execution": "e", "task": "t", "input": {}, "result_limit_bytes": 1, "extra": 1}
    with pytest.raises(InvalidInputError, match="extra: Extra inputs are not permitted"):
        read_event(event)
