"""The functions that Step Functions adds to JSONata."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stepweave.local_cloud.adapters.step_functions.jsonata_functions import (
    LONGEST_RANGE,
    MemoryExceeded,
    arithmetic_range,
    digest,
    new_uuid,
    partition,
    random_number,
)

SMALL = st.integers(-50, 50)


@given(st.lists(st.integers(), max_size=20), st.integers(1, 25))
def test_parts_make_up_the_whole(array: list[int], size: int) -> None:
    parts = partition(array, size + 0.9) or []
    assert [item for part in parts for item in part] == array
    assert all(len(part) == size for part in parts[:-1])
    assert all(0 < len(part) <= size for part in parts)


@given(SMALL, SMALL, SMALL.filter(bool))
def test_a_range_is_a_sequence(first: int, last: int, step: int) -> None:
    expected = [number for number in range(-200, 201) if (number - first) % step == 0]
    expected = [number for number in expected if min(first, last) <= number <= max(first, last)]
    if (last - first) * step < 0:
        expected = []
    result = arithmetic_range(first, last, step)
    if len(expected) > 1:
        assert result == sorted(expected, reverse=step < 0)
    else:
        assert result == (expected[0] if expected else None)


def test_a_range_is_bounded() -> None:
    assert len(arithmetic_range(1, LONGEST_RANGE, 1)) == LONGEST_RANGE
    with pytest.raises(MemoryExceeded):
        arithmetic_range(0, 1e300, 1)


@pytest.mark.parametrize("name", ["MD5", "SHA-1", "SHA-256", "SHA-384", "SHA-512"])
def test_hashes(name: str) -> None:
    assert digest("\u00e9", name) == hashlib.new(name.replace("-", ""), "\u00e9".encode()).hexdigest()


@given(st.integers(-(2**63), 2**63 - 1))
def test_random_numbers_are_the_same_for_a_seed(seed: int) -> None:
    assert 0 <= random_number(seed) < 1
    assert random_number(seed) == random_number(seed)


def test_no_two_are_the_same() -> None:
    assert random_number() != random_number()
    assert new_uuid() != new_uuid()
