"""Turn what a handler returned into plain JSON."""

from typing import Any

from pydantic import BaseModel, JsonValue

from stepweave.contract.agent import Agent
from stepweave.contract.json_values import JsonType, NotJsonError
from stepweave.runtime.errors import InvalidOutputError


def dump_output(contract: Agent[Any, Any], output: object) -> JsonValue:
    """Return a handler's result as plain JSON.

    Raises
    ------
    InvalidOutputError
        If it is not the contract's output, holds what JSON does not have, or would be refused by its own model.
    """
    if not isinstance(output, BaseModel) or not isinstance(output, contract.output):
        raise InvalidOutputError(
            f"the handler of agent {contract.name!r} returned {type(output).__name__}; "
            f"its contract promises {contract.output.__name__}"
        )
    try:
        return JsonType.of(contract.output).dump(output)
    except NotJsonError as error:
        raise InvalidOutputError(f"agent {contract.name!r}: its result cannot be written as JSON: {error}") from error
