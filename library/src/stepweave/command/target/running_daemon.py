"""The local cloud that `stepweave local up` started, as the other subcommands see it."""

from pathlib import Path

from stepweave.command.terminal.console import say_warning
from stepweave.local_cloud.daemon import status
from stepweave.project.settings import find_project


def local_cloud_root() -> Path:
    """Return the folder that a local cloud belongs to: the project's, or the current one if that is in no project."""
    project = find_project()
    return Path.cwd() if project is None else project.root


def daemon_endpoint() -> str | None:
    """Return the endpoint of this folder's local cloud if it is up, else None."""
    found = status(local_cloud_root())
    if found.state is None:
        return None
    if not found.answers:
        say_warning(
            f"the local cloud of this folder (process {found.state.pid}) does not answer; "
            "`stepweave local down` ends it"
        )
        return None
    return found.state.endpoint_url
