"""What the policies of the project refuse in its local cloud."""

import json

from stepweave.command.errors import CommandError
from stepweave.command.target.running_daemon import local_cloud_root
from stepweave.command.terminal.console import say, standard_output, styled
from stepweave.local_client.control import ControlClient
from stepweave.local_client.project_cloud import status


def show_permissions(mode: str | None, *, as_json: bool) -> None:
    """Print what was refused, or would have been, after setting what happens to it if `mode` is given.

    Raises
    ------
    CommandError
        If no local cloud is up.
    """
    state = status(local_cloud_root()).state
    if state is None:
        raise CommandError("no local cloud is up; start one: stepweave local up")
    found = ControlClient(state.port, state.token).call("permissions", mode=mode)
    if as_json:
        print(json.dumps(found))  # noqa: T201 - the result
        return
    would = {"enforce": "refused", "audit": "done, and listed here", "off": "done, and not looked at"}[found["mode"]]
    say(f"permissions are in mode {found['mode']}: what no policy allows is {would}")
    for refused in found["refused"]:
        standard_output().print(styled(f"  {refused['at']}  {refused['message']}"), soft_wrap=True)
    if not found["refused"]:
        say("nothing was refused")
