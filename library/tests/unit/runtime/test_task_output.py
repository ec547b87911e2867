import math

import pytest
from pydantic import BaseModel, Field

from stepweave.contract.agent import Agent
from stepweave.runtime.errors import InvalidOutputError
from stepweave.runtime.task_output import dump_output


class Given(BaseModel):
    pass


class Made(BaseModel):
    text: str = Field(default="", alias="someText")
    number: float | None = 1.0


CONTRACT = Agent(name="maker", input=Given, output=Made)


def test_the_names_in_json_are_those_that_the_next_task_reads() -> None:
    dumped = dump_output(CONTRACT, Made(someText="é"))
    assert dumped == {"someText": "é", "number": 1.0}
    assert Made.model_validate(dumped) == Made(someText="é")


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
def test_a_number_that_json_does_not_have_is_refused(number: float) -> None:
    with pytest.raises(InvalidOutputError, match=r"number: .* is not a JSON number; it must be finite"):
        dump_output(CONTRACT, Made(number=number))


def test_text_that_is_not_unicode_is_refused() -> None:
    with pytest.raises(InvalidOutputError, match="someText: a text holds half of a character"):
        dump_output(CONTRACT, Made.model_construct(text="caf\udce9"))


@pytest.mark.parametrize("output", [None, {}, Given()])
def test_another_type_is_refused(output: object) -> None:
    with pytest.raises(InvalidOutputError, match=f"returned {type(output).__name__}; its contract promises Made"):
        dump_output(CONTRACT, output)
