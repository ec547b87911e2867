"""The inputs of a workflow: the parameters of its function."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, get_type_hints

from pydantic import ValidationError

from stepweave.contract.json_values import JsonType, NotJsonError
from stepweave.graph.arguments import Constant
from stepweave.graph.errors import WorkflowError
from stepweave.graph.inputs import Input
from stepweave.graph.location import SourceLocation
from stepweave.language.input_schema import input_schema
from stepweave.language.placeholder import Owner, Placeholder
from stepweave.language.types import type_name


@dataclass(frozen=True)
class InputField:
    """One field of the execution's input.

    Parameters
    ----------
    name : str
        The parameter's name.
    annotation : object
        Its type.
    default : Constant | None
        Its value as JSON where an execution is not given one; None if it has to be given.
    """

    name: str
    annotation: object
    default: Constant | None = None

    @property
    def required(self) -> bool:
        """Whether an execution has to be given it."""
        return self.default is None

    def declared(self) -> Input:
        """Return what the graph knows of it."""
        return Input(self.name, input_schema(self.annotation), self.default)


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
        If a parameter or the return has no type, if a parameter is variadic, or if a default is no value of its type
        that JSON can hold.
    """
    name = function.__name__
    try:
        hints = get_type_hints(function, include_extras=True)
    except NameError as error:
        raise WorkflowError(f"workflow {name!r} names a type that is not defined: {error}", location) from error
    fields = tuple(
        _field(name, parameter, _annotation(name, parameter, hints, location), location)
        for parameter in inspect.signature(function).parameters.values()
    )
    if "return" not in hints:
        raise WorkflowError(
            f"workflow {name!r} does not say what it returns", location, "annotate it, for example '-> Published'"
        )
    return fields, hints["return"]


def _annotation(workflow: str, parameter: inspect.Parameter, hints: dict[str, Any], location: SourceLocation) -> object:
    if parameter.kind in (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD):
        raise WorkflowError(f"workflow {workflow!r} takes {parameter}", location, "name each input, with its type")
    if parameter.name not in hints:
        raise WorkflowError(
            f"the input {parameter.name!r} of workflow {workflow!r} has no type",
            location,
            f"annotate it, for example '{parameter.name}: str'",
        )
    return hints[parameter.name]


def _field(workflow: str, parameter: inspect.Parameter, annotation: object, location: SourceLocation) -> InputField:
    if parameter.default is inspect.Parameter.empty:
        return InputField(parameter.name, annotation)
    written = JsonType.of(annotation)
    try:
        return InputField(parameter.name, annotation, Constant(written.dump(written.check(parameter.default))))
    except (ValidationError, NotJsonError) as error:
        reason = error.errors()[0]["msg"] if isinstance(error, ValidationError) else str(error)
        raise WorkflowError(
            f"the input {parameter.name!r} of workflow {workflow!r} has the default {parameter.default!r}: {reason}",
            location,
            f"give it a default of type {type_name(annotation)} that JSON can hold",
        ) from error
