"""Identifiers that are unlike one another."""

import random
import uuid
from concurrent.futures import ThreadPoolExecutor

from stepweave.local_cloud.identifiers import new_hexadecimal, new_uuid


def test_threads_do_not_get_the_same_ones() -> None:
    with ThreadPoolExecutor(8) as threads:
        made = [each for part in threads.map(lambda _: [new_uuid() for _ in range(2000)], range(8)) for each in part]
    assert len(set(made)) == 16_000
    assert {(uuid.UUID(each).version, uuid.UUID(each).variant) for each in made} == {(4, uuid.RFC_4122)}


def test_a_seed_does_not_repeat_them() -> None:
    made = []
    for _ in range(2):
        random.seed(1)
        made.append(new_hexadecimal(16))
    assert made[0] != made[1]


def test_a_number_has_its_leading_zeros() -> None:
    assert {len(new_hexadecimal(1)) for _ in range(100)} == {1}
    assert {len(new_hexadecimal(24)) for _ in range(1000)} == {24}
