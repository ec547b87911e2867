"""Find the workflow that a person names."""

import difflib

from stepweave.command.errors import CommandError
from stepweave.language.workflow import Workflow
from stepweave.project.catalog import workflows


def find_workflow(name: str) -> Workflow:
    """Return a workflow by name; the name of its function will do too.

    Raises
    ------
    CommandError
        If there is none.
    """
    known = workflows()
    wanted = name.replace("_", "-")
    if wanted in known:
        return known[wanted]
    close = difflib.get_close_matches(wanted, known, n=1)
    hint = f"did you mean {close[0]}?" if close else f"known: {', '.join(known) or 'none'}"
    raise CommandError(f"no workflow is called {name!r}", hint)
