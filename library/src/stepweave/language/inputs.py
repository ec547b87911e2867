"""The inputs of a workflow: the parameters of its function."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, get_type_hints

from stepweave.graph.errors import WorkflowError
from stepweave.graph.location import SourceLocation
from stepweave.language.placeholder import Owner, Placeholder


@dataclass(frozen=True)
class InputField:
    """One field of the execution's input."""

    name: str
    annotation: object


class InputPlaceholder(Placeholder):
    """Stands for a field of the execution's input while the workflow is traced."""

    def __init__(self, field: InputField, owner: Owner) -> None:
        super().__init__(owner)
        self._field = field

    def _described(self) -> str:
        return f"the workflow input {self._field.name!r}"

    def __repr__(self) -> str:
        return f"<workflow input {self._field.name}>"


def read_signature(function: Callable[..., object], location: SourceLocation) -> tuple[tuple[InputField, ...], object]:
    """Read the inputs and the return type from a workflow function's signature.

    Raises
    ------
    WorkflowError
        If a parameter or the return has no type, or if a parameter is variadic or has a default.
    """
    name = function.__name__
    try:
        hints = get_type_hints(function, include_extras=True)
    except NameError as error:
        raise WorkflowError(f"workflow {name!r} names a type that is not defined: {error}", location) from error
    fields = tuple(
        InputField(parameter.name, _annotation(name, parameter, hints, location))
        for parameter in inspect.signature(function).parameters.values()
    )
    if "return" not in hints:
        raise WorkflowError(
            f"workflow {name!r} does not say what it returns", location, "annotate it, for example '-> ReviewReport'"
        )
    return fields, hints["return"]


def _annotation(workflow: str, parameter: inspect.Parameter, hints: dict[str, Any], location: SourceLocation) -> object:
    if parameter.kind in (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD):
        raise WorkflowError(f"workflow {workflow!r} takes {parameter}", location, "name each input, with its type")
    if parameter.name not in hints:
        raise WorkflowError(
            f"the input {parameter.name!r} of workflow {workflow!r} has no type",
            location,
            f"annotate it, for example '{parameter.name}: RepoRef'",
        )
    if parameter.default is not inspect.Parameter.empty:
        raise WorkflowError(
            f"the input {parameter.name!r} of workflow {workflow!r} has a default, which an execution started from "
            "the console or by an SDK would not get",
            location,
            "remove the default, or give the agent's input field one",
        )
    return hints[parameter.name]
