"""Nothing but what an event says is looked into, so that no data is taken for what stands for another value."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, JsonValue

from stepweave.contract.event import StandIn, TaskEvent
from stepweave.contract.failure import TaskFailure
from stepweave.contract.gate import PUBLISHED_KEY
from stepweave.contract.reference import REFERENCE_KEY
from stepweave.contract.value_paths import could_be_mistaken, is_reference, places, publisher, replaced
from stepweave.runtime.failures import admit_failures, failed_places
from stepweave.runtime.payload import by_content, resolve

markers: st.SearchStrategy[JsonValue] = st.sampled_from(
    [
        {"Error": "Boom"},
        {"Error": "Boom", "Cause": "c"},
        {REFERENCE_KEY: {"bucket": "b", "key": "k", "size": 1, "sha256": "0"}},
        {REFERENCE_KEY: None},
        {PUBLISHED_KEY: "task"},
    ]
)
data: st.SearchStrategy[JsonValue] = st.recursive(
    markers | st.none() | st.text(max_size=3) | st.integers(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["a", "Error", REFERENCE_KEY, PUBLISHED_KEY, "x.$"]), inner, max_size=3)
    ),
    max_leaves=8,
)
inputs = st.dictionaries(st.sampled_from(["one", "two", "Error"]), data, max_size=3)


class Anything(BaseModel):
    one: object = None
    two: object = None


@given(inputs)
def test_data_is_left_alone_whatever_it_looks_like(values: dict[str, JsonValue]) -> None:
    none: tuple[StandIn, ...] = ()
    assert resolve(values, none) == values
    assert by_content(values, none) == values
    assert admit_failures(Anything, values, failed_places(values, none)) == values


@given(data)
def test_what_travels_itself_where_it_may_stand_for_another_is_never_taken_for_that(value: JsonValue) -> None:
    if could_be_mistaken(value):
        return  # it travels by reference
    assert not TaskFailure.looks_like(value)
    assert not is_reference(value)
    assert publisher(value) is None


@given(inputs, st.data())
def test_only_what_is_told_is_replaced(values: dict[str, JsonValue], draw: st.DataObject) -> None:
    every = list(places(values, None))
    chosen = draw.draw(st.lists(st.sampled_from(every), max_size=3)) if every else []
    chosen = [one for one in chosen if not any(other[0] != one[0] and one[0][0] == other[0][0] for other in chosen)]
    told = [place for place, _ in chosen]
    before = str(values)
    result = replaced(values, dict.fromkeys(told, "new"))
    assert str(values) == before
    assert all(value == "new" for _, value in places(result, told))
    untouched = {place: value for place, value in every if not any(place[0] == one[0] for one in told)}
    assert {place: value for place, value in places(result, None) if place in untouched} == untouched


def test_places_at_any_depth_and_in_every_item() -> None:
    values: dict[str, JsonValue] = {"a": {"b": [1, {"c": 2}]}, "d": [3, 4], "e": 5}
    found = dict(places(values, [("a", "b", 1, "c"), ("d", None), ("missing",), ("e", "deeper")]))
    assert found == {("a", "b", 1, "c"): 2, ("d", 0): 3, ("d", 1): 4}
    assert replaced(values, dict.fromkeys(found, 0)) == {"a": {"b": [1, {"c": 0}]}, "d": [0, 0], "e": 5}


def test_an_event_that_does_not_tell_is_searched_as_it_used_to_be() -> None:
    event = TaskEvent(
        execution="arn", task="t", result_limit_bytes=1, input={"a": {"Error": "e"}, "b": [{PUBLISHED_KEY: "x"}]}
    )
    assert event.stand_ins is None
    assert ("a",) in failed_places(event.input, event.stand_ins)
    assert ("b", 0) in dict(places(event.input, event.stand_ins))
