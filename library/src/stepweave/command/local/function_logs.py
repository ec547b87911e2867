"""The log of a function in the running local cloud."""

import difflib
import json
import time
from collections.abc import Iterator
from typing import Any, Final

from stepweave.cdk.project_names import project_names
from stepweave.command.errors import CommandError
from stepweave.command.local.log_line import LogLine, read_line
from stepweave.command.target.open_target import OpenTarget, at_local_endpoint, require_local_cloud
from stepweave.command.target.running_daemon import daemon_endpoint
from stepweave.command.terminal.console import one_line, say, standard_output, styled

_POLL_SECONDS: Final = 0.3
_OVERLAP_MS: Final = 2_000  # logs are delivered a moment after they were written, and not in one order
_INDENT: Final = " " * 14


def show_logs(function: str, *, follow: bool, as_json: bool, environment: str | None = None) -> None:
    """Print what a function has logged.

    Parameters
    ----------
    function : str
        An agent's name, or the whole name of a function.
    follow : bool
        Go on with what it logs from now on, until Ctrl-C.
    as_json : bool
        Print each event as it is, one JSON object a line.
    environment : str | None
        In which deployment of the project the agent is.

    Raises
    ------
    CommandError
        If no local cloud is up, or it has no such function.
    """
    require_local_cloud()
    endpoint = daemon_endpoint()
    if endpoint is None:
        raise CommandError("no local cloud is up", "start one: stepweave local up")
    target = at_local_endpoint(endpoint, names=project_names(environment))
    group = _log_group(target, function)
    console = standard_output()
    nothing = True
    for event in _events(target, group, follow=follow):
        nothing = False
        at, message = int(event["timestamp"]) / 1000, str(event["message"])
        if as_json:
            raw = {"timestamp": event["timestamp"], "stream": event["logStreamName"], "message": message}
            print(json.dumps(raw), flush=True)  # noqa: T201 - the result
        elif (line := read_line(at, message)) is not None:
            console.print(render(line), soft_wrap=True)
    if nothing:
        say(f"{function} has not logged anything yet")


def render(line: LogLine) -> Any:
    """Make a line for a terminal."""
    text = styled(f"{line.time}  ", "dim")
    if line.level:
        text.append_text(styled(f"{line.level:<8} ", line.style)).append_text(styled(_indented(line.message)))
    else:
        text.append_text(styled(_indented(line.message), "dim"))
    for name, value in line.fields.items():
        text.append_text(styled(f"  {one_line(name)}=", "dim"))
        text.append_text(styled(one_line(value), "" if line.level else "dim"))
    if line.details:
        indented = "\n".join(_INDENT + part for part in line.details.splitlines())
        text.append_text(styled(f"\n{indented}", "dim"))
    return text


def _indented(message: str) -> str:
    """Keep the lines of a message from looking like events of their own."""
    return message.replace("\n", f"\n{_INDENT}")


def _log_group(target: OpenTarget, function: str) -> str:
    functions = target.client("lambda")
    known: dict[str, str] = {}
    for page in functions.get_paginator("list_functions").paginate():
        for found in page["Functions"]:
            name = found["FunctionName"]
            known[name] = (found.get("LoggingConfig") or {}).get("LogGroup") or f"/aws/lambda/{name}"
    for name in (function, target.names.function(function)):
        if name in known:
            return known[name]
    if not known:
        raise CommandError("nothing is deployed in the local cloud", "deploy the project: stepweave local up")
    ours = f"{target.names.prefix}-"
    short = sorted(target.names.owner(name) if name.startswith(ours) else name for name in known)
    close = difflib.get_close_matches(function.replace("_", "-"), [*short, *known], n=1)
    hint = f"did you mean {close[0]}?" if close else f"there are: {', '.join(short)}"
    raise CommandError(f"the local cloud has no function {function}", hint)


def _events(target: OpenTarget, group: str, *, follow: bool) -> Iterator[dict[str, Any]]:
    logs = target.client("logs")
    seen: dict[str, int] = {}
    start = 0
    while True:
        for event in _read(logs, group, start):
            if event["eventId"] not in seen:
                seen[event["eventId"]] = event["timestamp"]
                start = max(start, event["timestamp"] - _OVERLAP_MS)
                yield event
        if not follow:
            return
        seen = {identity: at for identity, at in seen.items() if at >= start}
        time.sleep(_POLL_SECONDS)


def _read(logs: Any, group: str, start: int) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    try:
        for page in logs.get_paginator("filter_log_events").paginate(logGroupName=group, startTime=start):
            found += page["events"]
    except logs.exceptions.ResourceNotFoundException:
        return []  # the function has not run yet
    return sorted(found, key=lambda event: event["timestamp"])
