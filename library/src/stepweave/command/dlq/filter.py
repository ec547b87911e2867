"""Which dead letters a person means: by workflow, error and age."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from fnmatch import fnmatchcase
from typing import Self

from stepweave.command.dlq.letter import FailedExecution, Letter
from stepweave.command.errors import CommandError
from stepweave.command.options.duration import read_duration


@dataclass(frozen=True)
class LetterFilter:
    """What a dead letter has to be like; every one will do if nothing is set.

    Parameters
    ----------
    workflow : str | None
        The workflow that failed.
    error : str | None
        The name of the error, or a pattern such as ``Lambda.*``.
    older_than, newer_than : timedelta | None
        How long ago it failed, at least and at most.
    """

    workflow: str | None = None
    error: str | None = None
    older_than: timedelta | None = None
    newer_than: timedelta | None = None

    @classmethod
    def of(
        cls,
        workflow: str | None = None,
        error: str | None = None,
        older_than: str | None = None,
        newer_than: str | None = None,
    ) -> Self:
        """Read the values of the options of these names.

        Raises
        ------
        CommandError
            If one of them makes no sense. None may be empty: the variable of a shell that is not set must not make a
            filter of a few letters one of all.
        """
        for option, value in (("--workflow", workflow), ("--error", error)):
            if value is not None and not value.strip():
                raise CommandError(f"{option} is empty", "give a name, or leave it out")
        older = None if older_than is None else read_duration("--older-than", older_than)
        newer = None if newer_than is None else read_duration("--newer-than", newer_than)
        if older is not None and newer is not None and older >= newer:
            raise CommandError(
                f"nothing is both older than {older_than} and newer than {newer_than}", "exchange the two"
            )
        return cls(None if workflow is None else workflow.replace("_", "-"), error, older, newer)

    @property
    def is_empty(self) -> bool:
        """Whether every letter will do."""
        return self == LetterFilter()

    def matches(self, letter: Letter, queue_owner: str, now: datetime) -> bool:
        """Tell whether a letter is meant.

        Parameters
        ----------
        letter : Letter
            The letter.
        queue_owner : str
            The workflow or agent whose queue it is in: what is no execution is of the workflow whose queue holds it.
        now : datetime
            The time.
        """
        return (
            self._matches_workflow(letter, queue_owner)
            and self._matches_error(letter)
            and self._matches_age(letter, now)
        )

    def _matches_workflow(self, letter: Letter, queue_owner: str) -> bool:
        if self.workflow is None:
            return True
        if isinstance(letter, FailedExecution):
            return letter.owner == self.workflow
        return queue_owner == self.workflow

    def _matches_error(self, letter: Letter) -> bool:
        return self.error is None or letter.error == self.error or fnmatchcase(letter.error, self.error)

    def _matches_age(self, letter: Letter, now: datetime) -> bool:
        age = now - letter.failed
        return (self.older_than is None or age >= self.older_than) and (
            self.newer_than is None or age <= self.newer_than
        )
