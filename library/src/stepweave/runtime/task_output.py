"""Turn what a handler returned into plain JSON."""

from typing import Any

from pydantic import BaseModel, JsonValue
from pydantic_core import PydanticSerializationError, from_json

from stepweave.contract.agent import Agent
from stepweave.runtime.errors import InvalidOutputError


def dump_output(contract: Agent[Any, Any], output: object) -> JsonValue:
    """Return a handler's result as plain JSON.

    Raises
    ------
    InvalidOutputError
        If it is not the contract's output, or holds text that is not valid Unicode.
    """
    if not isinstance(output, BaseModel) or not isinstance(output, contract.output):
        raise InvalidOutputError(
            f"the handler of agent {contract.name!r} returned {type(output).__name__}; "
            f"its contract promises {contract.output.__name__}"
        )
    try:
        # By way of the text, so that NaN and infinity become null: JSON has no such numbers.
        value: JsonValue = from_json(output.model_dump_json(by_alias=True))
    except PydanticSerializationError as error:
        raise InvalidOutputError(
            f"agent {contract.name!r}: its result cannot be written as JSON: {error}; "
            "show undecodable names with lambdas.shared.repository.files.display_name"
        ) from error
    return value
