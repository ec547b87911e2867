"""What came of a dead letter that was redriven or discarded."""

from dataclasses import dataclass
from enum import StrEnum


class Verdict(StrEnum):
    """What came of a letter."""

    REDRIVEN = "redriven"
    """It is on its way again."""
    DISCARDED = "discarded"
    """It is given up: written down, with the reason, and gone from its queue."""
    REMOVED = "removed"
    """It had been taken care of, so only its message had to go."""
    REFUSED = "refused"
    """It could not be dealt with now; it stays in the queue."""


@dataclass(frozen=True)
class Result:
    """What came of a letter, in words.

    Parameters
    ----------
    verdict : Verdict
        What came of it.
    text : str
        What was done, or why it was not.
    execution : str | None
        ARN of the execution that runs now; None if none does on account of this.
    record : str | None
        Where it is written down; None if it was not given up.
    """

    verdict: Verdict
    text: str
    execution: str | None = None
    record: str | None = None
