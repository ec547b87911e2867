"""How a person gives an input by one word: a path, a URL, an id. What a workflow is given is made of it.

A model of a project says so in a class variable ``argument``. The command asks it for the input of that type, before
anything is started, and sends what it has made ready when it is known where the workflow runs.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TypeAlias, get_args

from pydantic import BaseModel

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client


class PreparedInput(Protocol):
    """An input that is ready to be sent."""

    @property
    def description(self) -> str:
        """What was done to prepare it, as the command tells it: ``archived 12 files of shop``."""

    @property
    def notes(self) -> Sequence[str]:
        """What a person should know of it, such as what was left out."""

    def send(self, s3: S3Client, bucket: str) -> BaseModel:
        """Put what belongs to it into the payload bucket, and return what the workflow is given.

        Raises
        ------
        RefusedError
            If it cannot be sent.
        """


Prepare: TypeAlias = Callable[[str, Path], PreparedInput]
"""Makes an input ready, given a person's word and a folder that lasts as long as the run; raises `RefusedError`."""


@dataclass(frozen=True)
class Argument:
    """How a person gives an input of a model by one word.

    Parameters
    ----------
    prepare : str
        What makes the input ready, as ``module:function``: see `Prepare`. It is imported only where it is needed, so
        that a contract stays cheap to import.
    metavar : str
        What the help calls the word, for example ``PATH|URL``.
    doing : str
        What the command says that it does meanwhile, for example ``archiving the repository``.
    help : str
        What the word means.

    Raises
    ------
    ValueError
        If `prepare` names no function of a module.

    Example
    -------
    >>> class Folder(BaseModel):
    ...     argument: ClassVar = Argument("scripts.folders:prepare", metavar="PATH", doing="packing the folder")
    ...     key: str
    """

    prepare: str
    metavar: str = "TEXT"
    doing: str = "preparing the input"
    help: str = ""

    def __post_init__(self) -> None:
        module, colon, function = self.prepare.partition(":")
        if not colon or not function.isidentifier() or not all(part.isidentifier() for part in module.split(".")):
            raise ValueError(
                f"prepare {self.prepare!r}: name it as module:function, for example scripts.folders:prepare"
            )

    def load(self) -> Prepare:
        """Import what makes the input ready.

        Raises
        ------
        ImportError
            If there is no such module.
        AttributeError
            If there is no such function in it.
        """
        module, _, function = self.prepare.partition(":")
        found: Prepare = getattr(importlib.import_module(module), function)
        return found


def argument_of(annotation: object) -> Argument | None:
    """Return how an input of a type is given by one word; None if its type does not say."""
    for one in (annotation, *get_args(annotation)):
        found = getattr(one, "argument", None) if isinstance(one, type) and issubclass(one, BaseModel) else None
        if isinstance(found, Argument):
            return found
    return None
