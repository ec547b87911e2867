"""The reason that a person gives for what the command does; others read it in errors, events and records."""

from typing import Final

from stepweave.command.errors import CommandError

LONGEST: Final = 500
"""Characters: a reason is part of the cause of every call that a breaker refuses."""


def check_reason(reason: str) -> str:
    """Return a reason as it is written down: in one line.

    Raises
    ------
    CommandError
        If it is too long.

    Example
    -------
    >>> check_reason("  the vendor has\\nan outage ")
    'the vendor has an outage'
    """
    line = " ".join(reason.split())
    if len(line) > LONGEST:
        raise CommandError(
            f"--reason has {len(line)} characters: must be at most {LONGEST}", "say where more is written"
        )
    return "".join(char if char.isprintable() else ascii(char)[1:-1] for char in line)
