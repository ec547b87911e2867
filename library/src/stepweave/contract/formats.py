"""Formats that outlive a deployment, and their versions.

An execution keeps the definition that it began with, and may run for a year; a queue keeps letters, a table items.
What reads them is what was deployed last. So each format has a number, which its own changes alone raise. The number
is written where it is more than 1: what bears none is of version 1, as all formats of release 0.1 were. A release reads
what the minor release before it wrote.

Of version 1, too, are the keys: of items in the idempotency table (an agent's name and the digest of a task's
execution, id and input), of gates and published results (``contract/gate.py``), and of objects (``contract/stored.py``
and ``contract/execution.py``; a reference holds the whole key). A rule that gives other keys must begin them with its
version, and look for those of the version before as well: a key that is not found runs a task a second time.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Final

from pydantic import BaseModel, Field, SerializerFunctionWrapHandler, model_serializer, model_validator

from stepweave.contract.refusal import RefusedError

VERSION: Final = "version"
"""The field, or the attribute of an item, that holds the version."""


class NewerFormatError(RefusedError):
    """Something was written by a later release than the one that reads it."""


@dataclass(frozen=True)
class Format:
    """A format.

    Parameters
    ----------
    what : str
        What is written in it, with its article.
    current : int
        The version that this release writes, which is the highest that it reads.

    Example
    -------
    >>> TASK_EVENT.check(9)
    Traceback (most recent call last):
    ...
    stepweave.contract.formats.NewerFormatError: the event of a task is of version 9, ...
    """

    what: str
    current: int

    def check(self, version: object) -> None:
        """Make sure that this release knows a version.

        Raises
        ------
        NewerFormatError
            If it is of a later release.
        """
        if isinstance(version, int) and version > self.current:
            raise NewerFormatError(
                f"{self.what} is of version {version}, and this release of Stepweave reads versions up to "
                f"{self.current}: a later one wrote it; deploy or install that one again"
            )

    def check_item(self, attributes: Mapping[str, Any]) -> None:
        """Make sure that this release knows the version of an item, as DynamoDB's API spells it."""
        text = attributes.get(VERSION, {}).get("N", "1")
        self.check(int(text) if str(text).isdecimal() else text)


TASK_EVENT: Final = Format("the event of a task", 2)
"""2: it says where in the input values stand for others (``stand_ins``), and what tells of attempts that died."""

ADMISSION_EVENT: Final = Format("the event of the state that admits inputs", 1)
REFERENCE: Final = Format("a reference to an object in S3", 1)
DEAD_LETTER: Final = Format("a dead letter", 1)
GATE_ITEM: Final = Format("the item of a gate or of a published result", 1)
BREAKER_ITEM: Final = Format("the item of a circuit breaker", 1)
IDEMPOTENCY_RECORD: Final = Format("the record of a task in the idempotency table", 1)


class Versioned(BaseModel):
    """What is written in a format of its own, and says in which version."""

    format: ClassVar[Format]
    version: Annotated[int, Field(ge=1, description="of the format; 1 is not written")] = 1

    @model_validator(mode="before")
    @classmethod
    def _of_known_version(cls, value: object) -> object:
        if isinstance(value, Mapping):  # before its fields are looked at, which a later version may have changed
            cls.format.check(value.get(VERSION, 1))
        return value

    @model_serializer(mode="wrap")
    def _without_the_first_version(self, write: SerializerFunctionWrapHandler) -> dict[str, Any]:
        written: dict[str, Any] = write(self)
        if self.version == 1:
            written.pop(VERSION, None)
        return written
