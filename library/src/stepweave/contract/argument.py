"""How a person gives an input by one word: a path, a URL, an id. What a workflow is given is made of it.

A model of a project says so in a class variable ``argument``. The command asks it for the input of that type, before
anything is started, and sends what it has made ready when it is known where the workflow runs.
"""

from __future__ import annotations

import types
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Protocol, TypeAlias, Union, cast, get_args, get_origin

from pydantic import BaseModel

from stepweave.contract.function_name import check_function_name, load_function

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
    metavar: str = "WORD"
    doing: str = "preparing the input"
    help: str = ""

    def __post_init__(self) -> None:
        try:
            check_function_name(self.prepare)
        except ValueError as error:
            raise ValueError(f"prepare {error}") from None

    def load(self) -> Prepare:
        """Import what makes the input ready.

        Raises
        ------
        ImportError
            If there is no such module.
        AttributeError
            If there is no such function in it.
        """
        return cast("Prepare", load_function(self.prepare))


def argument_of(annotation: object) -> Argument | None:
    """Return how an input of a type is given by one word; None if its type does not say.

    An optional input, ``Folder | None``, is given as its model says; a list of models is not given by one word.
    """
    origin = get_origin(annotation)
    if origin is Annotated:
        return argument_of(get_args(annotation)[0])
    if origin in (Union, types.UnionType):
        return next((found for one in get_args(annotation) if (found := argument_of(one)) is not None), None)
    found = getattr(annotation, "argument", None)
    is_model = isinstance(annotation, type) and issubclass(annotation, BaseModel)
    return found if is_model and isinstance(found, Argument) else None
