"""The local cloud that `stepweave local up` started, as the other subcommands see it."""

from pathlib import Path

from stepweave.command.terminal.console import say_warning
from stepweave.local_client.control import ControlClient
from stepweave.local_client.errors import LocalCloudError
from stepweave.local_client.project_cloud import status
from stepweave.project.settings import Project, find_project


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


def daemon_control(project: Project) -> ControlClient:
    """Return what tells this project's local cloud what to do.

    Raises
    ------
    LocalCloudError
        If it is not up.
    """
    state = status(project.root).state
    if state is None:
        raise LocalCloudError("the local cloud of this project is not up any more")
    return ControlClient(state.port, state.token)
