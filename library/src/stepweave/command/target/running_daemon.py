"""The local cloud that `stepweave local up` started, as the other subcommands see it."""

from pathlib import Path

from stepweave.command.project import find_project
from stepweave.command.terminal.console import say_warning
from stepweave.local_cloud.daemon import status


def daemon_endpoint() -> str | None:
    """Return the endpoint of this project's local cloud if it is up, else None."""
    project = find_project(Path.cwd())
    if project is None:
        return None
    found = status(project.root)
    if found.state is None:
        return None
    if not found.answers:
        say_warning(
            f"the local cloud of this project (process {found.state.pid}) does not answer; "
            "`stepweave local down` ends it"
        )
        return None
    return found.state.endpoint_url
