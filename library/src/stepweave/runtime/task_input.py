"""Read the event of a task and its typed input.

Pydantic does it directly: Powertools' Parser is the same call with envelopes that a task's event does not have.
"""

from collections.abc import Collection
from typing import TypeVar

from pydantic import BaseModel, JsonValue, ValidationError

from stepweave.contract.event import TaskEvent
from stepweave.contract.json_values import JsonType, NotJsonError
from stepweave.contract.value_paths import Place
from stepweave.runtime.errors import InvalidInputError
from stepweave.runtime.failures import admit_failures

InputT = TypeVar("InputT", bound=BaseModel)

_MOST_ERRORS = 5


def read_event(event: object) -> TaskEvent:
    """Return the event that a task's state sent.

    Raises
    ------
    InvalidInputError
        If it is none.
    """
    try:
        return TaskEvent.model_validate(event)
    except ValidationError as error:
        raise InvalidInputError(
            f"the event is not what a task's state sends: {_said(error)}; "
            "start the agent through a compiled workflow, or send execution, task, input and result_limit_bytes"
        ) from None


def read_input(model: type[InputT], task: str, values: dict[str, JsonValue], failed: Collection[Place] = ()) -> InputT:
    """Return a task's input as its contract's model.

    Parameters
    ----------
    model : type[BaseModel]
        The input's model.
    task : str
        The task's id, for the error.
    values : dict[str, JsonValue]
        The input by field name, without references.
    failed : Collection[Place]
        Where in it the failures of optional tasks stand.

    Raises
    ------
    InvalidInputError
        If a field does not fit; the message names every such field, and never repeats a value.
    """
    try:
        read: InputT = JsonType.of(model).load(admit_failures(model, values, failed))
    except ValidationError as error:
        raise InvalidInputError(f"task {task!r}: its input is no {model.__name__}: {_said(error, 'input')}") from None
    except NotJsonError as error:
        raise InvalidInputError(f"task {task!r}: its input is no JSON: {error}") from None
    return read


def _said(error: ValidationError, *prefix: str) -> str:
    errors = error.errors(include_url=False, include_context=False, include_input=False)
    said = [f"{'.'.join(map(str, (*prefix, *one['loc']))) or 'event'}: {one['msg']}" for one in errors[:_MOST_ERRORS]]
    if len(errors) > _MOST_ERRORS:
        said.append(f"and {len(errors) - _MOST_ERRORS} more")
    return "; ".join(said)
