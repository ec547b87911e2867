"""Where in the author's source something was written."""

from dataclasses import dataclass


@dataclass(frozen=True, order=True)
class SourceLocation:
    """A line of a file, counted from 1."""

    file: str
    line: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"
