"""The error that the author of a DAG file sees."""

from stepweave.graph.errors import WorkflowError

MAX_SHOWN = 40
"""Characters that a message shows of what it does not know the length of."""


class DagFileError(WorkflowError):
    """A DAG file that cannot be used: which file, where in it, what is wrong, and what to do.

    Parameters
    ----------
    file : str
        The file, as the user named it.
    place : str
        Where in it: ``line 3, column 7`` for its syntax, ``tasks[3].depends_on[0]`` for its contents; empty if it
        is about the whole file.
    problem : str
        What is wrong, in one sentence.
    remedy : str
        What to do about it; may be empty.
    """

    def __init__(self, file: str, place: str, problem: str, remedy: str = "") -> None:
        self.file = file
        self.place = place
        super().__init__(f"{file}: {place}{': ' if place else ''}{problem}", remedy=remedy)


def abbreviated(text: str) -> str:
    """Quote a text of unknown length and contents, in ASCII.

    Example
    -------
    >>> abbreviated("caf\\u00e9")
    "'caf\\\\xe9'"
    """
    return ascii(text) if len(text) <= 2 * MAX_SHOWN else f"{text[:MAX_SHOWN]!a}..."
