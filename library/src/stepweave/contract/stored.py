"""Objects in the payload bucket that a project's own models refer to, beside what the library keeps there itself."""

import re
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from pydantic import BaseModel, ConfigDict, Field

RESULTS: Final = "results/"
"""Below this prefix are results that are too large to travel between states."""

_PREFIX: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,61}/")
_RESERVED: Final = frozenset({RESULTS, "dead-letters/", "inputs/"})
_MAX_KEPT: Final = timedelta(days=3650)


@dataclass(frozen=True)
class Stored:
    """Where in the payload bucket the objects are that a model refers to, and how long they are kept.

    A model says so in a class variable ``stored``. An agent whose input holds such a model, at any depth, may read
    objects below the prefix; an agent whose output holds one may write them.

    Parameters
    ----------
    prefix : str
        With what their keys begin: lower-case letters, digits and hyphens, ended by a slash.
    kept : timedelta
        After how long they expire: whole days. A failed execution can be redriven for 14 days, and needs its inputs
        for that.

    Raises
    ------
    ValueError
        If the prefix is the library's own or cannot be one, or the time is no whole number of days.

    Example
    -------
    >>> class Scan(BaseModel):
    ...     stored: ClassVar = Stored("scans/", kept=timedelta(days=90))
    ...     key: str
    """

    prefix: str
    kept: timedelta = timedelta(days=30)

    def __post_init__(self) -> None:
        if not isinstance(self.prefix, str) or not _PREFIX.fullmatch(self.prefix):
            raise ValueError(
                f"prefix {self.prefix!r}: use lower-case letters, digits and hyphens, and end with a slash: 'scans/'"
            )
        if self.prefix in _RESERVED:
            raise ValueError(f"prefix {self.prefix!r}: is what the library stores its own objects below; use another")
        if self.kept % timedelta(days=1) or not timedelta(days=1) <= self.kept <= _MAX_KEPT:
            raise ValueError(f"kept must be whole days, 1 to {_MAX_KEPT.days}, not {self.kept}")


class StoredFile(BaseModel):
    """A file in S3 that a workflow's output lists, so that ``stepweave run`` downloads it."""

    model_config = ConfigDict(frozen=True)

    bucket: str
    key: str
    media_type: str = Field(description="for example text/html")
