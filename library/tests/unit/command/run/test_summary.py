"""What a workflow itself says of its output."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from pydantic import BaseModel, JsonValue

from stepweave.command.errors import CommandError
from stepweave.command.run.summary import Summary
from stepweave.graph.errors import WorkflowError
from stepweave.language.workflow import Workflow


class Count(BaseModel):
    words: int


def count() -> Count: ...  # type: ignore[empty-body]


def lines(output: Count) -> Iterator[tuple[str, str]]:
    yield "words", f"{output.words:,}"
    if output.words < 0:
        raise ValueError("fewer than none")


def made(summary: Any) -> Workflow:
    return Workflow(count, timedelta(minutes=1), summary=summary)


@pytest.mark.parametrize("summary", [lines, f"{__name__}:lines"], ids=["function", "name"])
def test_the_function_is_given_the_output_as_its_type_has_it(summary: Any) -> None:
    assert Summary(made(summary)).lines({"words": 1234}) == [("words", "1,234")]


def test_without_one_there_is_nothing_to_say(capsys: pytest.CaptureFixture[str]) -> None:
    assert Summary(made(None)).lines({"words": 1}) is None
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    ("output", "said"),
    [({"words": "many"}, "it is no Count as this project defines it"), ({"words": -1}, "ValueError: fewer than none")],
)
def test_a_summary_that_cannot_be_made_hides_no_result(
    output: JsonValue, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert Summary(made(lines)).lines(output) is None
    assert said in " ".join(capsys.readouterr().err.split())


@pytest.mark.parametrize("name", ["no.such.module:lines", f"{__name__}:nothing", f"{__name__}:__name__"])
def test_one_that_is_not_there_is_refused_before_anything_starts(name: str) -> None:
    with pytest.raises(CommandError, match="the summary of workflow count"):
        Summary(made(name))


@pytest.mark.parametrize("summary", ["lines", "a:b:c", ":lines", "a.b:", 3])
def test_what_can_be_none_is_refused_where_the_workflow_is_written(summary: Any) -> None:
    with pytest.raises(WorkflowError, match="workflow 'count' has the summary"):
        made(summary)
