from typing import Annotated, Optional

import pytest
from pydantic import BaseModel, Field, JsonValue

from stepweave.contract.event import StandIn
from stepweave.contract.failure import TaskFailure
from stepweave.runtime.failures import admit_failures, failed_places

FAILURE: JsonValue = {"Error": "States.TaskFailed", "Cause": "why"}
RESULT: JsonValue = {"number": 1}


class Result(BaseModel):
    number: int
    inner: dict[str, str] = {}


class Given(BaseModel):
    admits: Result | TaskFailure
    annotated: Annotated[Annotated[Result, "x"] | TaskFailure | None, "y"]
    optional: Result | None
    old_style: Optional[Result]  # noqa: UP045
    alias: Result | TaskFailure = Field(alias="otherName")
    plain: Result
    several: list[Result | TaskFailure]
    several_optional: list[Result | None] | None
    named: dict[str, Result | TaskFailure]
    named_optional: dict[str, Result | None]


def _admitted(values: dict[str, JsonValue], *stand_ins: StandIn) -> dict[str, JsonValue]:
    return admit_failures(Given, values, failed_places(values, stand_ins or None))


@pytest.mark.parametrize("name", ["admits", "annotated", "otherName"])
def test_a_failure_is_kept_where_the_type_admits_it(name: str) -> None:
    assert _admitted({name: FAILURE}, (name,)) == {name: FAILURE}


@pytest.mark.parametrize("name", ["optional", "old_style", "plain", "unknown"])
def test_elsewhere_it_becomes_none(name: str) -> None:
    assert _admitted({name: FAILURE}, (name,)) == {name: None}


def test_failures_among_several_results() -> None:
    values: dict[str, JsonValue] = {
        "several": [RESULT, FAILURE],
        "several_optional": [FAILURE, RESULT],
        "named": {"a": FAILURE, "b": RESULT},
        "named_optional": {"a": FAILURE, "b": RESULT},
    }
    assert _admitted(values) == {
        **values,
        "several_optional": [None, RESULT],
        "named_optional": {"a": None, "b": RESULT},
    }


def test_a_result_with_a_field_like_a_failure_is_left_alone() -> None:
    values: dict[str, JsonValue] = {"plain": {"number": 1, "inner": {"Error": "mine"}}}
    assert _admitted(values) == values


def test_only_where_the_event_says_so_is_there_a_failure() -> None:
    values: dict[str, JsonValue] = {"optional": FAILURE, "named_optional": {"a": FAILURE, "b": FAILURE}}
    assert _admitted(values, ("named_optional", "a")) == {
        "optional": FAILURE,
        "named_optional": {"a": None, "b": FAILURE},
    }


def test_a_failure_is_found_and_admitted_at_any_depth() -> None:
    class Deep(BaseModel):
        kept: dict[str, list[Result | TaskFailure]]
        dropped: dict[str, list[Result | None]]

    values: dict[str, JsonValue] = {"kept": {"a": [FAILURE]}, "dropped": {"a": [FAILURE, RESULT]}}
    failed = failed_places(values, [("kept", "a", None), ("dropped", "a", None)])
    assert admit_failures(Deep, values, failed) == {"kept": {"a": [FAILURE]}, "dropped": {"a": [None, RESULT]}}
