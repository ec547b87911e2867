"""Sizes are those of the JSON text."""

import json

from hypothesis import given
from hypothesis import strategies as st
from pydantic import JsonValue

from stepweave.simulator.size import json_size, json_text

_VALUES: st.SearchStrategy[JsonValue] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text() | st.just("é" * 300),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(_VALUES)
def test_a_size_is_that_of_the_text(value: JsonValue) -> None:
    text = json.dumps(value, separators=(",", ":"), ensure_ascii=False)
    assert json_text(value) == text
    assert json_size(value) == len(text.encode("utf-8", "surrogatepass"))
