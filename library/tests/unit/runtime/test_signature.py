from collections.abc import Callable

import pytest
from pydantic import BaseModel

from stepweave.contract.agent import Agent
from stepweave.runtime.agent_handler import agent_handler
from stepweave.runtime.context import TaskContext


class Given(BaseModel):
    number: int


class Made(BaseModel):
    number: int


CONTRACT = Agent(name="maker", input=Given, output=Made)


def other_input(task: Made, context: TaskContext) -> Made: ...  # type: ignore[empty-body]
def other_output(task: Given, context: TaskContext) -> Given: ...  # type: ignore[empty-body]
def no_context(task: Given, context: dict[str, str]) -> Made: ...  # type: ignore[empty-body]
def no_return(task: Given, context: TaskContext): ...  # type: ignore[no-untyped-def]
def one_parameter(task: Given) -> Made: ...  # type: ignore[empty-body]
def unknown(task: "Missing", context: TaskContext) -> Made: ...  # type: ignore[name-defined,empty-body]  # noqa: F821


@pytest.mark.parametrize(
    ("function", "said"),
    [
        (other_input, r"other_input: parameter 'task' is annotated Made, .* 'maker' says Given; write \(task: Given"),
        (other_output, r"the return value is annotated Given, .* says Made"),
        (no_context, r"parameter 'context' is annotated dict, .* says TaskContext"),
        (no_return, r"the return value is not annotated"),
        (one_parameter, r"takes 1 parameters; agent 'maker' needs \(task: Given, context: TaskContext\) -> Made"),
        (unknown, r"'Missing' is not defined"),
    ],
)
def test_a_handler_that_does_not_fit_its_contract_is_refused_at_import(
    function: Callable[..., object], said: str
) -> None:
    with pytest.raises(TypeError, match=said):
        agent_handler(CONTRACT)(function)  # type: ignore[arg-type]


def test_annotations_given_as_text_are_understood() -> None:
    def handler(task: "Given", context: "TaskContext") -> "Made":
        return Made(number=task.number)

    assert callable(agent_handler(CONTRACT)(handler))
