"""Every option that a workflow function sets: what makes no sense is refused at its line, with a remedy."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from pydantic import BaseModel

from stepweave.compiler.compile import compile_workflow
from stepweave.compiler.options import CompileOptions
from stepweave.contract.agent import Agent
from stepweave.graph.errors import WorkflowError
from stepweave.language.task import TaskHandle
from stepweave.language.workflow import workflow


class Text(BaseModel):
    text: str = ""


write = Agent(name="write", input=Text, output=Text)

_NO_NUMBER: tuple[object, ...] = ("3", [3], {}, True, math.nan, math.inf, -math.inf, -1, 10**400)
_NO_TIME: tuple[object, ...] = (3, 1.5, "3", True, math.nan, -timedelta(seconds=1), timedelta(0), timedelta(days=10**6))

REFUSED: list[tuple[str, Callable[[TaskHandle, Any], object], tuple[object, ...]]] = [
    ("attempts", lambda task, value: task.retry(attempts=value), (*_NO_NUMBER, 1.0, 10**12)),
    ("backoff", lambda task, value: task.retry(backoff=value), (*_NO_NUMBER, 0.5, 10**4)),
    ("interval", lambda task, value: task.retry(interval=value), (*_NO_TIME, timedelta(seconds=1.5))),
    ("max_delay", lambda task, value: task.retry(max_delay=value), (*_NO_TIME, timedelta(seconds=1.5))),
    (
        "errors",
        lambda task, value: task.retry(errors=value),
        ("TransientError", "", ["A"], (), (1,), ("",), ("A", "States.ALL"), ("States.ALL", "A"), 3, True),
    ),
    ("timeout", lambda task, value: task.timeout(value), (*_NO_TIME, None, timedelta(seconds=1.5), timedelta(hours=1))),
    ("expect", lambda task, value: task.expect(value), (*_NO_TIME, None)),
    ("after", lambda task, value: task.after(value), (None, "write", ["write"], 3)),
    ("fallback", lambda task, value: task.fallback(value), (None, "write", ["write"], 3)),
]


@pytest.mark.parametrize(
    ("option", "set_it", "value"),
    [
        pytest.param(option, set_it, value, id=f"{option}-{str(value)[:20]}")
        for option, set_it, values in REFUSED
        for value in values
    ],
)
def test_an_option_of_a_task_is_refused_at_its_line(
    option: str, set_it: Callable[[TaskHandle, Any], object], value: object
) -> None:
    @workflow()
    def book() -> Text:
        task = write()
        set_it(task, value)
        return task

    with pytest.raises(WorkflowError, match=option) as caught:
        compile_workflow(book)
    assert caught.value.location is not None
    assert caught.value.location.line == set_it.__code__.co_firstlineno
    assert caught.value.remedy


@pytest.mark.parametrize("task_id", ["", 3, True, b"write", ("write",)])
def test_an_id_is_a_text_of_a_character_at_least(task_id: Any) -> None:
    @workflow()
    def book() -> Text:
        return write(task_id)

    with pytest.raises(WorkflowError) as caught:
        compile_workflow(book)
    assert caught.value.location is not None
    assert caught.value.location.line == book.location.line + 2
    assert caught.value.remedy


@pytest.mark.parametrize(
    ("option", "value"),
    [
        *[("timeout", value) for value in (*_NO_TIME, None, timedelta(seconds=1.5), timedelta(days=366))],
        *[("tolerance", value) for value in (*_NO_NUMBER, None, 10**4)],
    ],
    ids=str,
)
def test_an_option_of_a_workflow_is_refused_at_its_line(option: str, value: object) -> None:
    def book() -> Text:
        return write()

    with pytest.raises(WorkflowError, match=option) as caught:
        workflow(**{option: value})(book)  # type: ignore[arg-type]
    assert caught.value.location is not None
    assert caught.value.location.line == book.__code__.co_firstlineno
    assert caught.value.remedy


@pytest.mark.parametrize("name", ["x" * 49, "état", "<lambda>"])
def test_a_name_that_no_state_machine_can_have_is_refused(name: str) -> None:
    def book() -> Text:
        return write()

    book.__name__ = name
    with pytest.raises(WorkflowError, match="has a name") as caught:
        workflow()(book)
    assert caught.value.location is not None


@pytest.mark.parametrize(
    ("option", "value"),
    [
        *[("tolerance", value) for value in (*_NO_NUMBER, 10**4)],
        *[("durations", {"a": value}) for value in (*_NO_NUMBER, None, 10**9)],
        *[("durations", value) for value in ("a", 3, [("a", 1.0)], True)],
        *[("strategy", value) for value in ("barriers", "", None, ("auto",), ["auto"], True, 1)],
    ],
    ids=str,
)
def test_an_option_of_the_compiler_is_refused(option: str, value: object) -> None:
    with pytest.raises((TypeError, ValueError), match="duration" if option == "durations" else option):
        CompileOptions(**{option: value})  # type: ignore[arg-type]


def test_a_wait_of_nothing_is_not_taken_for_none_given() -> None:
    @workflow()
    def book() -> Text:
        return write().retry(interval=timedelta(0))

    with pytest.raises(WorkflowError, match="interval must be whole seconds"):
        compile_workflow(book)
