"""Task tokens that an execution waits for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from pydantic import JsonValue

from stepweave.compiler.jsonpath_dialect.reading import states_in
from stepweave.testing.history import StateVisit, details, parsed

_TOKEN_PATH: Final = "$$.Task.Token"  # noqa: S105 - a path
_TOKEN_VARIABLE: Final = "states.context.Task.Token"  # noqa: S105 - a variable
_GATE: Final = "aws-sdk:dynamodb:updateItem.waitForTaskToken"

Path = tuple[str, ...]


@dataclass(frozen=True)
class PendingToken:
    """A task token that nobody has sent back yet.

    Parameters
    ----------
    task : str
        The state that waits.
    token : str
        What to send.
    input : JsonValue
        The parameters that the state sent out with it.
    """

    task: str
    token: str
    input: JsonValue


def pending_tokens(visits: list[StateVisit], definition: Mapping[str, Any]) -> list[PendingToken]:
    """Return the tokens that states wait for, but for those of the gates between branches."""
    states = dict(states_in(definition))
    found: list[PendingToken] = []
    for visit in visits:
        state = states.get(visit.name, {})
        resource = str(state.get("Resource", ""))
        is_open = visit.latest is not None and visit.ended is None and visit.succeeded is None
        if not resource.endswith(".waitForTaskToken") or resource.endswith(_GATE) or not is_open:
            continue
        parameters = parsed(details(visit.latest, "parameters"))
        path = _path_of_token(state.get("Parameters") or state.get("Arguments"))
        token = _at(parameters, path) if path is not None else None
        if isinstance(token, str):
            found.append(PendingToken(visit.name, token, parameters))
    return found


def _path_of_token(template: Any) -> Path | None:
    if isinstance(template, Mapping):
        for key, value in template.items():
            if value == _TOKEN_PATH:
                return (key.removesuffix(".$"),)
            if isinstance(value, str) and _TOKEN_VARIABLE in value:
                return (key,)
            inner = _path_of_token(value)
            if inner is not None:
                return (key, *inner)
    return None


def _at(value: JsonValue, path: Path) -> JsonValue:
    for key in path:
        if not isinstance(value, dict):
            return None
        # The history may spell a parameter as the API does.
        value = next((item for name, item in value.items() if name.lower() == key.lower()), None)
    return value
