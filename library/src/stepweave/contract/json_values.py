"""The one way in which a value becomes JSON and comes back: constants, inputs, results, and what tests return.

What is written is what the type itself reads: fields bear the name by which pydantic reads them, computed fields are
left out, and what JSON does not have is refused. So a value that was written here is accepted wherever its type is.
"""

from __future__ import annotations

import dataclasses
import math
import types
import warnings
from collections import deque
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Annotated, Any, Generic, TypeVar, cast, get_args

from pydantic import (
    AliasChoices,
    BaseModel,
    JsonValue,
    RootModel,
    SecretBytes,
    SecretStr,
    TypeAdapter,
    ValidationError,
    create_model,
)
from pydantic.fields import FieldInfo
from pydantic_core import PydanticSerializationError, to_json

T = TypeVar("T")

_SECRETS = (SecretStr, SecretBytes)
_SEQUENCES = (list, tuple, set, frozenset, deque)


class NotJsonError(ValueError):
    """A value that cannot be written as JSON so that its own type reads the same."""


def key_of(name: str, info: FieldInfo) -> str:
    """Return the name by which pydantic reads a field from JSON: its validation alias, or its own name.

    Example
    -------
    >>> from pydantic import Field
    >>> class Model(BaseModel):
    ...     top: int = Field(validation_alias="topLevel")
    >>> key_of("top", Model.model_fields["top"])
    'topLevel'
    """
    alias = info.validation_alias if info.validation_alias is not None else info.alias
    if isinstance(alias, AliasChoices):
        alias = next((choice for choice in alias.choices if isinstance(choice, str)), None)
    return alias if isinstance(alias, str) else name


@dataclasses.dataclass(frozen=True)
class JsonType(Generic[T]):
    """Writes and reads the values of one type.

    Parameters
    ----------
    adapter : TypeAdapter
        The type, as pydantic knows it.

    Example
    -------
    >>> JsonType.of(list[float]).dump([1.5])
    [1.5]
    """

    adapter: TypeAdapter[T]

    @classmethod
    def of(cls, annotation: object) -> JsonType[Any]:
        """Return what writes and reads values of an annotated type."""
        return cls(_adapter(annotation))

    def check(self, value: object) -> T:
        """Return a Python value as its type has it.

        Raises
        ------
        ValidationError
            If it is of another type.
        """
        return self.adapter.validate_python(value)

    def load(self, value: JsonValue) -> T:
        """Read a JSON value.

        Raises
        ------
        ValidationError
            If the type does not accept it.
        NotJsonError
            If it is no JSON: not a finite number, or half of a character.
        """
        # As JSON, not as Python objects: only then do bytes, dates and strict models read what was written for them.
        return self.adapter.validate_json(json_text(value))

    def dump(self, value: T) -> JsonValue:
        """Write a value as JSON.

        Raises
        ------
        NotJsonError
            If JSON cannot hold it, or if its own type would refuse what was written, or read something else.
        """
        written = self._written(value)
        try:
            again = self.adapter.validate_json(to_json(written))  # it was checked while it was written
        except ValidationError as error:
            raise NotJsonError(f"its own type refuses what it is written as: {_said(error)}") from None
        if not _equal(again, value) and to_json(self._written(again)) != to_json(written):
            raise NotJsonError("its own type reads something else from what it is written as")
        return written

    def _written(self, value: T) -> JsonValue:
        try:
            # By field name, and then under the names that are read: an alias of serialization may be another one.
            plain = self.adapter.dump_python(value, mode="json", by_alias=False, round_trip=True, warnings="none")
        except (PydanticSerializationError, ValueError, RecursionError) as error:
            raise NotJsonError(str(error)) from None
        written: JsonValue = _under_read_names(value, plain)
        check_json(written)
        return written


def field_type(model: type[BaseModel], name: str) -> FieldType:
    """Return what writes and reads the values of one field of a model, as the model itself would."""
    return FieldType(name, model.model_fields[name], JsonType(_field_adapter(model, name)))


@dataclasses.dataclass(frozen=True)
class FieldType:
    """Writes and reads the values of one field of a model: its constraints count, and the model's configuration."""

    name: str
    info: FieldInfo
    of_one: JsonType[Any]

    @property
    def key(self) -> str:
        """The field's name in JSON."""
        return key_of(self.name, self.info)

    def dump(self, value: object) -> JsonValue:
        """Check a Python value and write it as JSON.

        Raises
        ------
        ValidationError, NotJsonError
            If the field does not take it, or JSON cannot hold it.
        """
        checked = self.of_one.adapter.validate_python({self.name: value}, by_name=True, by_alias=False)
        return self._only(self.of_one.dump(checked))

    def reload(self, value: JsonValue) -> JsonValue:
        """Check a JSON value and return it as the field's type writes it.

        Raises
        ------
        ValidationError, NotJsonError
            If the field does not take it, or it is no JSON.
        """
        return self._only(self.of_one.dump(self.of_one.load({self.key: value})))

    def _only(self, written: JsonValue) -> JsonValue:
        assert isinstance(written, dict)  # noqa: S101 - a model with one field
        return written[self.key]


def json_text(value: JsonValue) -> bytes:
    """Return a JSON value as UTF-8 text without blanks: what is sent, and what quotas count.

    Raises
    ------
    NotJsonError
        If it is no JSON: not a finite number, or half of a character.
    """
    check_json(value)
    return to_json(value)


def json_bytes(value: JsonValue) -> int:
    """Return how many bytes a JSON value has as text.

    Example
    -------
    >>> json_bytes({"a": "é"})
    10
    """
    return len(json_text(value))


def check_json(value: object) -> None:
    """Refuse what JSON does not have.

    Raises
    ------
    NotJsonError
        Naming the place of a number that is not finite, of half a character (a lone surrogate), or of another type.
    """
    ahead: list[tuple[tuple[str | int, ...], object]] = [((), value)]
    while ahead:
        place, one = ahead.pop()
        match one:
            case None | bool() | int():
                continue
            case float():
                if not math.isfinite(one):
                    raise NotJsonError(f"{_shown(place)}{one} is not a JSON number; it must be finite")
            case str():
                _check_text(place, one)
            case list() | tuple():
                ahead += [((*place, index), item) for index, item in enumerate(one)]
            case dict():
                for key, item in one.items():
                    if not isinstance(key, str):
                        raise NotJsonError(f"{_shown(place)}the key {key!r} is not text")
                    _check_text(place, key)
                    ahead.append(((*place, key), item))
            case _:
                raise NotJsonError(f"{_shown(place)}{type(one).__name__} is not a JSON type")


def lossy_fields(model: type[BaseModel]) -> Iterator[str]:
    """Yield what keeps results of a model from being read by the model itself, which its types tell already."""
    for owner in _models(model):
        for name, info in owner.model_fields.items():
            where = f"{owner.__name__}.{name}"
            if key_of(name, info) == name and not (info.validation_alias is None or info.validation_alias == name):
                if not owner.model_config.get("populate_by_name") and not owner.model_config.get("validate_by_name"):
                    yield f"{where} is read by a path alone, by which nothing is written; give it an alias too"
            elif info.exclude is True and info.is_required():
                yield f"{where} is required, but excluded from what is written; give it a default"
            elif any(part in _SECRETS for part in _parts(info.annotation)):
                yield f"{where} is a secret, of which only asterisks are written; pass where the secret is kept"


def _check_text(place: tuple[str | int, ...], text: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError:
        raise NotJsonError(f"{_shown(place)}a text holds half of a character (a lone surrogate)") from None


def _shown(place: tuple[str | int, ...]) -> str:
    return f"{'.'.join(ascii(part)[1:-1] if isinstance(part, str) else str(part) for part in place)}: " if place else ""


def _said(error: ValidationError) -> str:
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    return f"{'.'.join(map(str, first['loc']))}: {first['msg']}" if first["loc"] else first["msg"]


def _equal(one: object, other: object) -> bool:
    try:
        return type(one) is type(other) and bool(one == other)
    except Exception:  # noqa: BLE001 - whatever the comparison of somebody's class does
        return False


def _under_read_names(value: object, written: Any) -> Any:
    """Return what a value was written as, with each field under the name by which it is read.

    What a serializer of the author's made of a value stays as it is: it has another structure than the value.
    """
    if isinstance(value, _SECRETS):
        raise NotJsonError("a secret is not written; pass where it is kept")
    if isinstance(value, float) and written is None and not math.isfinite(value):
        raise NotJsonError(f"{value} is not a JSON number; it must be finite")
    if isinstance(value, RootModel):
        return _under_read_names(value.root, written)
    fields = _fields_of(value)
    if fields is not None and isinstance(written, dict):
        return {
            (key_of(name, fields[name]) if name in fields else name): _under_read_names(_member(value, name), item)
            for name, item in written.items()
        }
    if isinstance(value, Mapping) and isinstance(written, dict):
        if len(value) != len(written):
            raise NotJsonError("two of its keys are the same text")
        for key in value:
            if isinstance(key, str):
                _check_text((), key)  # pydantic would put question marks in the place of what is no character
        return {key: _under_read_names(one, written[key]) for key, one in zip(written, value.values(), strict=True)}
    if isinstance(value, _SEQUENCES) and isinstance(written, list) and len(value) == len(written):
        return [_under_read_names(one, item) for one, item in zip(value, written, strict=True)]
    return written


def _fields_of(value: object) -> Mapping[str, FieldInfo] | None:
    if isinstance(value, BaseModel):
        return type(value).model_fields
    return cast("Mapping[str, FieldInfo] | None", getattr(type(value), "__pydantic_fields__", None))


def _member(value: object, name: str) -> object:
    return getattr(value, name, None)


def _models(annotation: object, seen: set[object] | None = None) -> Iterator[type[BaseModel]]:
    """Yield the models that a type is made of, at any depth."""
    seen = set() if seen is None else seen
    for part in _parts(annotation):
        if isinstance(part, type) and issubclass(part, BaseModel) and part not in seen:
            seen.add(part)
            yield part
            for info in part.model_fields.values():
                yield from _models(info.annotation, seen)


def _parts(annotation: object) -> Iterator[object]:
    arguments = get_args(annotation)
    if not arguments or isinstance(annotation, types.GenericAlias | type):
        yield annotation
    for argument in arguments:
        yield from _parts(argument)


@lru_cache(maxsize=1024)
def _known_adapter(annotation: Any) -> TypeAdapter[Any]:
    return TypeAdapter(annotation)


def _adapter(annotation: Any) -> TypeAdapter[Any]:
    try:
        return _known_adapter(annotation)
    except TypeError:  # not hashable: Annotated with a list among its metadata, for instance
        return TypeAdapter(annotation)


@lru_cache(maxsize=1024)
def _field_adapter(model: type[BaseModel], name: str) -> TypeAdapter[Any]:
    """Return a model of one field: only so do all of the field's constraints and the model's configuration count."""
    info = model.model_fields[name]
    fields: dict[str, Any] = {name: (Annotated[info.annotation, info], ...)}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what a name shadows, the model itself has warned of
        config = {**model.model_config, "title": None, "extra": "ignore"}
        one: type[BaseModel] = create_model(model.__name__, __config__=config, **fields)  # type: ignore[call-overload]
    return TypeAdapter(one)
