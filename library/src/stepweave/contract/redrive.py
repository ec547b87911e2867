"""How an execution is called that goes on from a failed one: what the command and the runtime have to agree on.

Step Functions redrives an execution itself where it can. Where it cannot, a new one is started under a name that says
which one it continues, and agents take it for that one when they look for results that are stored.
"""

import re
from typing import Final

_ONE: Final = re.compile(r"(?P<original>.+)--redrive-(?P<number>[0-9]+)")
_ALL: Final = re.compile(r"(--redrive-[0-9]+)+$")


def original_of(execution: str) -> str:
    """Return the ARN or name of the execution that an execution continues; of one that continues none, its own.

    Example
    -------
    >>> original_of("nightly--redrive-2"), original_of("nightly")
    ('nightly', 'nightly')
    """
    return _ALL.sub("", execution)


def successor(name: str) -> tuple[str, str]:
    """Return the two parts of the name of an execution that continues another one: whose name it is, and what follows.

    Example
    -------
    >>> successor("nightly"), successor("nightly--redrive-1")
    (('nightly', '--redrive-1'), ('nightly', '--redrive-2'))
    """
    before = _ONE.fullmatch(name)
    original, number = (name, 1) if before is None else (before["original"], int(before["number"]) + 1)
    return original, f"--redrive-{number}"
