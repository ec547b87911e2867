"""Binds what the author passed to an agent to the fields of its input, and checks the types on the way."""

from __future__ import annotations

from typing import Any

from pydantic import ValidationError

from stepweave.contract.json_values import FieldType, JsonType, NotJsonError, field_type
from stepweave.graph.arguments import Argument, Constant, ListOf, MapOf, ResultOf, WorkflowInput
from stepweave.graph.errors import WorkflowError
from stepweave.language.inputs import InputPlaceholder
from stepweave.language.placeholder import Owner, Placeholder, check_own
from stepweave.language.task import TaskHandle, TaskRecord, check_used_itself
from stepweave.language.types import accepts, accepts_failure, holds_items, item_type, type_name


def bind(owner: Owner, record: TaskRecord) -> tuple[tuple[str, Argument], ...]:
    """Return the arguments of a task by field name.

    Raises
    ------
    WorkflowError
        If a field is unknown, missing or of the wrong type, with the line of the call and what to do.
    """
    fields = record.agent.input.model_fields
    for name in record.inputs:
        if name not in fields:
            raise WorkflowError(
                f"agent {record.agent.name!r} has no input {name!r}",
                record.location,
                f"it takes {', '.join(fields) or 'none'}",
            )
    missing = [name for name, info in fields.items() if info.is_required() and name not in record.inputs]
    if missing:
        raise WorkflowError(
            f"task {record.id!r} lacks the input {', '.join(map(repr, missing))}",
            record.location,
            f"pass {', '.join(f'{name}=...' for name in missing)} to {record.agent.name}",
        )
    binder = _Binder(owner, record)
    return tuple(
        ((field := field_type(record.agent.input, name)).key, binder.bind_field(field, value))
        for name, value in record.inputs.items()
    )


class _Binder:
    def __init__(self, owner: Owner, record: TaskRecord) -> None:
        self._owner = owner
        self._record = record

    def bind_field(self, field: FieldType, value: object) -> Argument:
        """Bind what was passed for a whole field: a constant is checked by all that the model says of the field."""
        if isinstance(value, Placeholder) or _has_placeholder(value):
            return self.bind(field.name, field.info.annotation, value)
        return self._constant(field.name, field.info.annotation, value, field)

    def bind(self, field: str, declared: object, value: object) -> Argument:
        match value:
            case TaskHandle():
                return self._result(field, declared, value)
            case InputPlaceholder():
                check_own(self._owner, value, self._record.location)
                annotation = value._field.annotation  # noqa: SLF001 - placeholders keep their fields out of the way
                self._check(field, declared, annotation, repr(value))
                return WorkflowInput(value._field.name)  # noqa: SLF001
            case list() | tuple() if _has_placeholder(value):
                self._check_container(field, declared, list)
                return ListOf(tuple(self.bind(field, item_type(declared), item) for item in value))
            case dict() if _has_placeholder(value):
                self._check_container(field, declared, dict)
                self._check_keys(field, value)
                return MapOf(tuple((key, self.bind(field, item_type(declared), item)) for key, item in value.items()))
        return self._constant(field, declared, value, JsonType.of(declared))

    def _result(self, field: str, declared: object, handle: TaskHandle) -> Argument:
        check_own(self._owner, handle, self._record.location)
        source = handle._record  # noqa: SLF001
        check_used_itself(source, self._record.location)
        self._check(field, declared, source.agent.output, repr(handle))
        if source.optional and not accepts_failure(declared):
            raise WorkflowError(
                f"{handle!r} is optional, but the input {field!r} of agent {self._record.agent.name!r} has no room "
                "for its failure",
                self._record.location,
                f"declare it as '{type_name(declared)} | None' or '{type_name(declared)} | TaskFailure'",
            )
        return ResultOf(source.id)

    def _check(self, field: str, declared: object, given: object, what: str) -> None:
        if not accepts(declared, given):
            raise WorkflowError(
                f"{what} is a {type_name(given)}, but the input {field!r} of agent {self._record.agent.name!r} "
                f"takes {type_name(declared)}",
                self._record.location,
                "pass another value, or change the type in the agent's contract",
            )

    def _check_container(self, field: str, declared: object, kind: type) -> None:
        if not holds_items(declared, kind):
            raise WorkflowError(
                f"the input {field!r} of agent {self._record.agent.name!r} takes {type_name(declared)}, not a "
                f"{kind.__name__}",
                self._record.location,
                "pass one value",
            )

    def _check_keys(self, field: str, value: dict[object, object]) -> None:
        for key in value:
            if not isinstance(key, str):
                raise WorkflowError(
                    f"the input {field!r} of agent {self._record.agent.name!r} has the key {key!r}, and JSON has only "
                    "text for keys",
                    self._record.location,
                    f"write {str(key)!r}",
                )

    def _constant(self, field: str, declared: object, value: object, written: FieldType | JsonType[Any]) -> Constant:
        try:
            if isinstance(written, JsonType):
                return Constant(written.dump(written.check(value)))
            return Constant(written.dump(value))
        except (ValidationError, NotJsonError) as error:
            reason = error.errors()[0]["msg"] if isinstance(error, ValidationError) else str(error)
            raise WorkflowError(
                f"the input {field!r} of agent {self._record.agent.name!r} does not take {value!r}: {reason}",
                self._record.location,
                f"pass a value of type {type_name(declared)}",
            ) from error


def _has_placeholder(value: object) -> bool:
    if isinstance(value, Placeholder):
        return True
    if isinstance(value, dict):
        return any(_has_placeholder(item) for item in value.values())
    return isinstance(value, list | tuple) and any(_has_placeholder(item) for item in value)
