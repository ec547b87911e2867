"""What the policies of the project refuse in its local cloud."""

import json
from urllib.request import Request, urlopen

from stepweave.command.errors import CommandError
from stepweave.command.terminal.console import say, standard_output, styled
from stepweave.local_cloud import daemon
from stepweave.local_cloud.permissions.control import PERMISSIONS_PATH
from stepweave.project.settings import require_project


def show_permissions(mode: str | None, *, as_json: bool) -> None:
    """Print what was refused, or would have been, after setting what happens to it if `mode` is given.

    Raises
    ------
    CommandError
        If no local cloud is up.
    """
    state = daemon.status(require_project().root).state
    if state is None:
        raise CommandError("no local cloud is up; start one: stepweave local up")
    request = Request(f"{state.endpoint_url}{PERMISSIONS_PATH}")  # noqa: S310 - a URL of this machine
    if mode is not None:
        request.method, request.data = "PUT", json.dumps({"mode": mode}).encode()
    with urlopen(request) as answer:  # noqa: S310 - as above
        found = json.load(answer)
    if as_json:
        print(json.dumps(found))  # noqa: T201 - the result
        return
    would = {"enforce": "refused", "audit": "done, and listed here", "off": "done, and not looked at"}[found["mode"]]
    say(f"permissions are in mode {found['mode']}: what no policy allows is {would}")
    for refused in found["refused"]:
        standard_output().print(styled(f"  {refused['at']}  {refused['message']}"), soft_wrap=True)
    if not found["refused"]:
        say("nothing was refused")
