"""Inputs that are made of one word: made ready before anything starts, sent when it is known where to."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import JsonValue, ValidationError

from stepweave.command.errors import CommandError
from stepweave.contract.argument import Argument, PreparedInput, argument_of
from stepweave.contract.json_values import JsonType, NotJsonError
from stepweave.language.inputs import InputField
from stepweave.language.types import type_name

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client


@dataclass(frozen=True)
class WordInput:
    """An input of a workflow that is given by one word.

    Parameters
    ----------
    field : InputField
        The input.
    argument : Argument
        How its type is given.
    word : str
        What was given.
    """

    field: InputField
    argument: Argument
    word: str

    @classmethod
    def of(cls, field: InputField, word: str) -> "WordInput | None":
        """Return the input with its word; None if its type is not given by one."""
        argument = argument_of(field.annotation)
        return None if argument is None else cls(field, argument, word)

    def prepare(self, folder: Path) -> PreparedInput:
        """Make it ready.

        Parameters
        ----------
        folder : Path
            What may be written to, and lasts until it was sent.

        Raises
        ------
        RefusedError
            If the word cannot be used.
        CommandError
            If the project has no such function.
        """
        try:
            prepare = self.argument.load()
        except (ImportError, AttributeError) as error:
            raise CommandError(
                f"input {self.field.name!r} is prepared by {self.argument.prepare}, which cannot be imported: {error}",
                f"mend the argument of {type_name(self.field.annotation)}",
            ) from error
        return prepare(self.word, folder)

    def send(self, prepared: PreparedInput, s3: "S3Client", bucket: str) -> JsonValue:
        """Put what belongs to it into the payload bucket, and return what the workflow is given.

        Raises
        ------
        RefusedError
            If it cannot be sent.
        CommandError
            If what was made is not of the input's type.
        """
        made = prepared.send(s3, bucket)
        written = JsonType.of(self.field.annotation)
        try:
            return written.dump(written.check(made))
        except (ValidationError, NotJsonError) as error:
            raise CommandError(
                f"input {self.field.name!r}: {self.argument.prepare} made a {type(made).__name__}: {error}",
                f"have it return a {type_name(self.field.annotation)}",
            ) from error
