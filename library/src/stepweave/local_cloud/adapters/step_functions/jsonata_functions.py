"""The functions that Step Functions adds to JSONata.

Upstream defects: ``$uuid`` and ``$hash`` answer that they are not supported, ``$random`` takes no seed, and ``$parse``
evaluates its argument as an expression.
"""

from __future__ import annotations

import hashlib
import json
import math
import random
import uuid
from collections.abc import Callable
from typing import Any, Final

LONGEST_RANGE: Final = 360_145  # numbers: AWS's memory for an evaluation holds no more of them
NULL: Final = math.nan
"""What a function returns for null: the evaluator takes None for nothing, and what JSON cannot express for null."""

_ALGORITHMS: Final = {"MD5": "md5", "SHA-1": "sha1", "SHA-256": "sha256", "SHA-384": "sha384", "SHA-512": "sha512"}


class FunctionFailed(Exception):  # noqa: N818 - says what happened
    """A function cannot work with its arguments."""


class MemoryExceeded(Exception):  # noqa: N818 - says what happened
    """An evaluation needs more memory than AWS gives it."""


def partition(array: list[Any] | None, size: float | None) -> list[list[Any]] | None:
    """Cut an array into parts.

    Parameters
    ----------
    array
        What to cut.
    size
        The length of a part, cut to a whole number. No number of parts of the length 0 makes up an array, so that gives
        nothing.

    Raises
    ------
    FunctionFailed
        If the size is negative.

    Example
    -------
    >>> partition([1, 2, 3], 2)
    [[1, 2], [3]]
    """
    if array is None or size is None or not int(size):
        return None
    length = int(size)
    if length < 0:
        raise FunctionFailed("The chunk size of the partition function must not be negative")
    return [array[start : start + length] for start in range(0, len(array), length)]


def arithmetic_range(first: float | None, last: float | None, step: float | None) -> Any:
    """Give the numbers from ``first`` to ``last``, each ``step`` more than the one before.

    As AWS does, take arguments that are not whole for the whole number next to them in the direction of zero, and give
    what JSONata calls a sequence: one number is not put into an array, and none is nothing.

    Raises
    ------
    MemoryExceeded
        If there are too many.
    """
    if first is None or last is None or step is None or not int(step):
        return None
    start, increment = int(first), int(step)
    count = (int(last) - start) // increment + 1
    if count > LONGEST_RANGE:
        raise MemoryExceeded
    if count <= 1:
        return start if count == 1 else None
    return [start + index * increment for index in range(count)]


def digest(text: str | None, algorithm: str | None) -> str | None:
    """Give the hash of a text in hexadecimal.

    Raises
    ------
    FunctionFailed
        If the algorithm is not known.
    """
    if text is None or algorithm is None:
        return None
    if algorithm not in _ALGORITHMS:
        raise FunctionFailed(f"The hash function does not support the algorithm {algorithm!r}")
    return hashlib.new(_ALGORITHMS[algorithm], text.encode(), usedforsecurity=False).hexdigest()


def random_number(seed: float | None = None) -> float:
    """Give a number of at least 0 and less than 1, the same for the same seed.

    AWS's numbers for a seed are those of Java's ``java.util.Random``, a linear congruential generator of 48 bits.

    Example
    -------
    >>> random_number(42)
    0.7275636800328681
    """
    if seed is None:
        return random.random()  # noqa: S311 - not for secrets
    multiplier, mask = 0x5DEECE66D, (1 << 48) - 1
    state = (int(seed) ^ multiplier) & mask
    state = (state * multiplier + 0xB) & mask
    high = state >> (48 - 26)
    state = (state * multiplier + 0xB) & mask
    return float((high << 27) + (state >> (48 - 27))) / (1 << 53)


def parse(text: str | None) -> Any:
    """Read JSON.

    Raises
    ------
    FunctionFailed
        If it is not JSON.
    """
    if text is None:
        return None
    try:
        value = json.loads(text)
    except ValueError as error:
        raise FunctionFailed(f"The argument of the parse function must be JSON: {error}") from error
    return NULL if value is None else value


def new_uuid() -> str:
    """Give a new UUID of version 4."""
    return str(uuid.uuid4())


# With the types of their arguments, in JSONata's notation. An argument that is undefined arrives as None.
FUNCTIONS: Final[dict[str, tuple[Callable[..., Any], str]]] = {
    "partition": (partition, "<an:a>"),
    "range": (arithmetic_range, "<nnn:a>"),
    "hash": (digest, "<ss:s>"),
    "random": (random_number, "<n?:n>"),
    "uuid": (new_uuid, "<:s>"),
    "parse": (parse, "<s:x>"),
}
