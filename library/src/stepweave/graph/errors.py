"""The error that an author sees."""

from stepweave.graph.location import SourceLocation


class WorkflowError(Exception):
    """A workflow that cannot be built: what is wrong, where, and what to do.

    Parameters
    ----------
    problem : str
        What is wrong, in one sentence.
    location : SourceLocation | None
        The line that the author has to look at.
    remedy : str
        What to do about it; may be empty.
    """

    def __init__(self, problem: str, location: SourceLocation | None = None, remedy: str = "") -> None:
        self.problem = problem
        self.location = location
        self.remedy = remedy
        place = f"{location}: " if location else ""
        super().__init__(f"{place}{problem}{'; ' if remedy else ''}{remedy}")
