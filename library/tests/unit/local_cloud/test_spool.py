import random

from hypothesis import given
from hypothesis import strategies as st

from stepweave.local_cloud.spool import Filed, Spool


@given(st.lists(st.tuples(st.booleans(), st.binary(max_size=2000)), max_size=40), st.randoms())
def test_what_is_put_is_read_whatever_was_given_back_before(
    steps: list[tuple[bool, bytes]], chance: random.Random
) -> None:
    spool, kept = Spool(), list[tuple[Filed, bytes]]()
    for is_put, data in steps:
        if is_put or not kept:
            kept.append((spool.put(data), data))
        else:
            kept.pop(chance.randrange(len(kept)))
    assert [filed.read() for filed, _ in kept] == [data for _, data in kept]


def test_places_that_were_given_back_are_used_again() -> None:
    spool = Spool()
    for _ in range(100):
        spool.put(bytes(1000))
    assert spool._end == 1024
