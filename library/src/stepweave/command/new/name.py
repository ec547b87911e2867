"""What an agent or a workflow may be called."""

import keyword
import re
from typing import Final

from stepweave.command.errors import CommandError
from stepweave.command.terminal.console import one_line

_NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,39}")
_IMPORTED: Final = frozenset({"agent_handler", "handler", "task", "timedelta", "workflow"})
"""Names in the files that are made, which an agent or a workflow would hide."""


def checked_name(what: str, name: str) -> str:
    """Return the Python name of an agent or a workflow; its hyphens become underscores.

    Parameters
    ----------
    what : str
        What it is the name of, as a person calls that.
    name : str
        The name that was given.

    Raises
    ------
    CommandError
        If it is none.
    """
    python = name.replace("-", "_")
    if not _NAME.fullmatch(python):
        raise CommandError(
            f"{one_line(name)!r} cannot be the name of {what}",
            "use lower-case letters, digits and underscores, at most 40, and begin with a letter",
        )
    if keyword.iskeyword(python) or python in _IMPORTED:
        raise CommandError(
            f"{name!r} cannot be the name of {what}: it means something else in Python", "choose another"
        )
    return python
