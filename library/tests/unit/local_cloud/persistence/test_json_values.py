from datetime import UTC, datetime
from enum import StrEnum

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stepweave.local_cloud.persistence.json_values import from_json, to_json

TIMES = st.datetimes(timezones=st.just(UTC))
LEAVES = st.none() | st.booleans() | st.integers() | st.text() | st.binary() | TIMES
VALUES = st.recursive(LEAVES, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=20)


@given(VALUES)
def test_values_come_back(value: object) -> None:
    assert from_json(to_json(value)) == value


def test_members_of_enumerations_come_back_as_their_values() -> None:
    class Status(StrEnum):
        DONE = "D"

    assert from_json(to_json([Status.DONE])) == ["D"]


def test_what_cannot_be_written_is_named() -> None:
    with pytest.raises(TypeError, match="a set cannot be kept"):
        to_json({"a": {datetime}})
