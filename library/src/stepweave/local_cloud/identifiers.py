"""Identifiers that are unlike one another, made without asking the system.

``uuid.uuid4`` and ``secrets`` ask it for each one, and while they do, another thread takes the interpreter. An
invocation needs eight, and none of them is a secret.
"""

from __future__ import annotations

import random
import uuid
from typing import Final

# Seeded by the system, and not the one that a test may seed to repeat itself.
_RANDOM: Final = random.Random()  # noqa: S311 - not for secrets


def new_uuid() -> str:
    """Return a random UUID, as text.

    Example
    -------
    >>> uuid.UUID(new_uuid()).version
    4
    """
    return str(uuid.UUID(int=_RANDOM.getrandbits(128), version=4))


def new_hexadecimal(digits: int) -> str:
    """Return a random number of so many hexadecimal digits.

    Example
    -------
    >>> len(new_hexadecimal(16))
    16
    """
    return f"{_RANDOM.getrandbits(4 * digits):0{digits}x}"
