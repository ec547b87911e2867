"""Check at import that a handler is annotated with what its contract says."""

import inspect
from collections.abc import Callable
from typing import Any, get_type_hints

from stepweave.contract.agent import Agent
from stepweave.runtime.context import TaskContext


def check_signature(contract: Agent[Any, Any], function: Callable[..., object]) -> None:
    """Compare a handler's annotations with its contract.

    Raises
    ------
    TypeError
        If they differ; the message says which annotation to change, and to what.
    """
    where = f"{function.__module__}.{function.__qualname__}"
    parameters = list(inspect.signature(function).parameters)
    expected = f"(task: {contract.input.__name__}, context: TaskContext) -> {contract.output.__name__}"
    if len(parameters) != 2:
        raise TypeError(f"{where} takes {len(parameters)} parameters; agent {contract.name!r} needs {expected}")
    try:
        hints = get_type_hints(function)
    except NameError as error:
        raise TypeError(
            f"{where}: an annotation cannot be resolved ({error}); import it at the top of the module, "
            "and not only for type checking"
        ) from error
    for place, name, wanted in (
        (f"parameter {parameters[0]!r}", parameters[0], contract.input),
        (f"parameter {parameters[1]!r}", parameters[1], TaskContext),
        ("the return value", "return", contract.output),
    ):
        found = hints.get(name)
        if found is not wanted:
            said = "not annotated" if name not in hints else f"annotated {getattr(found, '__name__', found)}"
            raise TypeError(
                f"{where}: {place} is {said}, but the contract of agent {contract.name!r} says {wanted.__name__}; "
                f"write {expected}, or change the contract"
            )
