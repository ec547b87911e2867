"""What an execution was started with is refused, completed and made to fit before any task runs."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, Field, JsonValue

from stepweave.contract.admission import REFERENCE_BYTES, DeclaredInput
from stepweave.contract.json_values import JsonType, json_bytes
from stepweave.contract.reference import REFERENCE_KEY
from stepweave.contract.value_paths import could_be_mistaken, is_reference
from stepweave.functions.admission.admit import admitted
from stepweave.functions.admission.errors import InvalidInput
from stepweave.language.input_schema import input_schema


class Order(BaseModel):
    order_id: int = Field(alias="orderId", gt=0)
    lines: list[dict[str, float]] = []
    pair: tuple[int, str] = (1, "")


def declared(annotation: Any, **default: JsonValue) -> DeclaredInput:
    return DeclaredInput(json_schema=input_schema(annotation), required=not default, **default)


def _reference(text: bytes) -> JsonValue:
    return {REFERENCE_KEY: {"bucket": "b", "key": "k" * 500, "size": len(text), "sha256": "0" * 64}}


def admit(given_: JsonValue, limit: int = 10_000, /, **inputs: DeclaredInput) -> dict[str, JsonValue]:
    return admitted(given_, inputs, limit, _reference)


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ({}, "^input 'order' is missing$"),
        ({"order": None}, "input 'order': None is not of type 'object'"),
        ({"order": {}}, "input 'order': 'orderId' is a required property"),
        ({"order": {"orderId": "one"}}, "input 'order.orderId': 'one' is not of type 'integer'"),
        ({"order": {"orderId": True}}, "input 'order.orderId'"),
        ({"order": {"orderId": 0}}, "input 'order.orderId': 0 is less than or equal to"),
        ({"order": {"orderId": 1, "lines": [{"a": "b"}]}}, r"input 'order.lines.0.a': 'b' is not of type 'number'"),
        ({"order": {"orderId": 1, "pair": ["a", "b"]}}, r"input 'order.pair.0': 'a' is not of type 'integer'"),
        ([], "must be a JSON object, not an array; it takes order"),
        ("text", "must be a JSON object, not a string"),
        (None, "must be a JSON object, not null"),
    ],
)
def test_what_does_not_fit_is_refused_by_name(value: JsonValue, said: str) -> None:
    with pytest.raises(InvalidInput, match=said):
        admit(value, order=declared(Order))


def test_all_that_is_wrong_is_told_at_once_but_no_endless_text() -> None:
    with pytest.raises(InvalidInput) as caught:
        admit({"b": "x" * 100_000}, a=declared(int), b=declared(int))
    assert "input 'a' is missing; input 'b': 'xxx" in str(caught.value)
    assert len(str(caught.value)) < 500


def test_defaults_are_applied_and_what_nobody_takes_is_left_out() -> None:
    inputs = {"a": declared(int, default=3), "b": declared(str | None, default=None), "c": declared(bool)}
    assert admit({"c": True, "Comment": "console"}, **inputs) == {"a": 3, "b": None, "c": True}
    assert admit({"a": 1, "b": "x", "c": False}, **inputs) == {"a": 1, "b": "x", "c": False}


def test_the_largest_go_by_reference_until_the_rest_fits() -> None:
    inputs = {name: declared(str) for name in "abc"}
    result = admit({"a": "x" * 900, "b": "y" * 30_000, "c": "z" * 1_000}, 4_000, **inputs)
    assert [is_reference(result[name]) for name in "abc"] == [False, True, False]


def test_data_that_looks_like_a_reference_goes_by_reference() -> None:
    mistakable: list[JsonValue] = [{REFERENCE_KEY: "x"}, {"Error": "Boom"}, {"stepweave:published": "a"}]
    for value in mistakable:
        assert is_reference(admit({"a": value}, a=declared(Any))["a"])


@given(
    st.dictionaries(
        st.sampled_from([f"input{number}" for number in range(8)]),
        st.text(max_size=40) | st.integers(0, 20_000).map(lambda size: "日" * size) | st.just({"Error": "x"}),
    )
)
def test_what_is_admitted_fits_and_is_unmistakable(values: dict[str, JsonValue]) -> None:
    inputs = {name: declared(Any) for name in values}
    limit = max(1536, len(values) * REFERENCE_BYTES)
    result = admit(dict(values), limit, **inputs)
    assert result.keys() == values.keys()
    assert json_bytes(result) <= limit
    for name, value in result.items():
        assert is_reference(value) or (value == values[name] and not could_be_mistaken(value))


@given(st.builds(Order, orderId=st.integers(1, 10), lines=st.lists(st.dictionaries(st.text(), st.floats(0, 1)))))
def test_what_a_type_writes_its_schema_accepts(order: Order) -> None:
    written = JsonType.of(Order).dump(order)
    assert admit({"order": written}, 10**6, order=declared(Order)) == {"order": written}
