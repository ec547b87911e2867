"""What is written as JSON is read by the very type that made it, or refused."""

from __future__ import annotations

import dataclasses
import json
import math
from collections import deque
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum, IntEnum
from pathlib import Path
from typing import Annotated, Any, Generic, Literal, NamedTuple, TypeVar
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import (
    AliasChoices,
    AliasPath,
    BaseModel,
    ConfigDict,
    Field,
    Json,
    JsonValue,
    RootModel,
    SecretStr,
    ValidationError,
    computed_field,
    field_serializer,
    model_serializer,
)
from pydantic.alias_generators import to_camel
from pydantic.dataclasses import dataclass as pydantic_dataclass

from stepweave.contract.json_values import (
    JsonType,
    NotJsonError,
    check_json,
    field_type,
    json_bytes,
    json_text,
    key_of,
    lossy_fields,
)

T = TypeVar("T")


class Colour(Enum):
    RED = "red"


class Level(IntEnum):
    LOW = 1


class Pair(NamedTuple):
    x: int
    y: str


@dataclasses.dataclass
class Plain:
    name: str


@pydantic_dataclass
class Aliased:
    max_items: int = Field(alias="maxItems")


class Options(BaseModel):
    max_items: int = Field(default=5, alias="maxItems")


class ByValidation(BaseModel):
    top: int = Field(default=1, validation_alias="topLevel")


class BySerialization(BaseModel):
    item_id: int = Field(serialization_alias="itemId")


class BothDiffer(BaseModel):
    item_id: int = Field(validation_alias="in", serialization_alias="out")


class ByChoices(BaseModel):
    item_id: int = Field(validation_alias=AliasChoices(AliasPath("a", 0), "b", "c"))


class Swapped(BaseModel):
    a: int = Field(alias="b")
    b: int = Field(alias="a")


class Camel(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel)
    some_field: int
    inner: list[BySerialization] = []


class Money(BaseModel):
    model_config = ConfigDict(extra="forbid")
    net: float

    @computed_field  # type: ignore[prop-decorator]
    @property
    def gross(self) -> float:
        return self.net * 2


class Raw(BaseModel):
    doc: Json[dict[str, int]]


class Anything(BaseModel):
    model_config = ConfigDict(extra="allow")
    known: int = Field(alias="k")


class Bytes(BaseModel):
    model_config = ConfigDict(ser_json_bytes="base64", val_json_bytes="base64")
    data: bytes


class Strict(BaseModel):
    model_config = ConfigDict(strict=True)
    when: datetime
    which: UUID


class Numbers(RootModel[list[Options]]):
    pass


class Box(BaseModel, Generic[T]):
    item: T = Field(alias="theItem")


class Tree(BaseModel):
    children: list[Tree] = Field(default=[], alias="kids")


class Cat(BaseModel):
    kind: Literal["cat"] = Field("cat", alias="type")


class Dog(BaseModel):
    kind: Literal["dog"] = Field("dog", alias="type")


class Owner(BaseModel):
    pet: Annotated[Cat | Dog, Field(discriminator="kind")]


class Formatted(BaseModel):
    when: date

    @field_serializer("when")
    def _write(self, value: date) -> str:
        return value.isoformat()


class Wrapped(BaseModel):
    value: int

    @model_serializer(mode="wrap")
    def _write(self, write: Any) -> dict[str, Any]:
        return dict(write(self))


ROUND_TRIPS: list[tuple[Any, object, JsonValue]] = [
    (Options, Options(maxItems=3), {"maxItems": 3}),
    (ByValidation, ByValidation(topLevel=9), {"topLevel": 9}),
    (BySerialization, BySerialization(item_id=3), {"item_id": 3}),
    (BothDiffer, BothDiffer.model_validate({"in": 3}), {"in": 3}),
    (ByChoices, ByChoices(b=3), {"b": 3}),
    (Swapped, Swapped(a=1, b=2), {"a": 1, "b": 2}),
    (Camel, Camel(someField=1, inner=[BySerialization(item_id=2)]), {"someField": 1, "inner": [{"item_id": 2}]}),
    (Money, Money(net=1), {"net": 1.0}),
    (Raw, Raw(doc='{"a": 1}'), {"doc": '{"a":1}'}),
    (Anything, Anything.model_validate({"k": 1, "more": [1]}), {"k": 1, "more": [1]}),
    (Bytes, Bytes(data=b"\xff"), {"data": "_w=="}),
    (Numbers, Numbers([Options(maxItems=1)]), [{"maxItems": 1}]),
    (Box[int], Box[int](theItem=1), {"theItem": 1}),
    (Tree, Tree(kids=[Tree()]), {"kids": [{"kids": []}]}),
    (Owner, Owner(pet=Dog()), {"pet": {"type": "dog"}}),
    (Formatted, Formatted(when=date(2024, 2, 3)), {"when": "2024-02-03"}),
    (Wrapped, Wrapped(value=1), {"value": 1}),
    (
        Strict,
        Strict(when=datetime(2024, 2, 3, tzinfo=UTC), which=UUID(int=1)),
        {"when": "2024-02-03T00:00:00Z", "which": "00000000-0000-0000-0000-000000000001"},
    ),
    (Colour, Colour.RED, "red"),
    (Level, Level.LOW, 1),
    (Pair, Pair(1, "a"), [1, "a"]),
    (Plain, Plain("n"), {"name": "n"}),
    (Aliased, Aliased(maxItems=2), {"maxItems": 2}),
    (Decimal, Decimal("1.50"), "1.50"),
    (timedelta, timedelta(seconds=90), "PT1M30S"),
    (time, time(1, 2), "01:02:00"),
    (Path, Path("a/b"), "a/b"),
    (set[int], {1, 2}, [1, 2]),
    (deque[int], deque([1]), [1]),
    (tuple[int, str], (1, "a"), [1, "a"]),
    (dict[int, Options], {1: Options(maxItems=1)}, {"1": {"maxItems": 1}}),
    (dict[str, list[ByValidation]], {"a": [ByValidation(topLevel=1)]}, {"a": [{"topLevel": 1}]}),
    (Options | None, None, None),
    (int | str, "1", "1"),
    (Any, {"Error": "x", "a.$": "$.b"}, {"Error": "x", "a.$": "$.b"}),
]


@pytest.mark.parametrize(("declared", "value", "written"), ROUND_TRIPS, ids=lambda one: getattr(one, "__name__", ""))
def test_a_value_is_read_by_the_type_that_wrote_it(declared: Any, value: object, written: JsonValue) -> None:
    dumped = JsonType.of(declared).dump(value)
    assert dumped == written
    assert JsonType.of(declared).load(dumped) == value


class Hidden(BaseModel):
    secret: SecretStr


class Excluded(BaseModel):
    needed: int = Field(exclude=True)


class ByPath(BaseModel):
    item_id: int = Field(default=1, validation_alias=AliasPath("a", 0))


class Lossy(BaseModel):
    value: int

    @field_serializer("value")
    def _write(self, value: int) -> int:
        return value + 1


@pytest.mark.parametrize(
    ("declared", "value"),
    [
        (float, math.nan),
        (list[float], [1.0, math.inf]),
        (dict[str, float], {"a": -math.inf}),
        (Any, {"a": [math.nan]}),
        (str, "caf\udce9"),
        (dict[str, int], {"\ud800": 1}),
        (Any, {1: "a", "1": "b"}),
        (dict[int | str, int], {1: 1, "1": 2}),
        (bytes, b"\xff"),
        (Any, object()),
        (Decimal, Decimal("NaN")),
        (Hidden, Hidden(secret=SecretStr("s"))),
        (Excluded, Excluded(needed=1)),
        (ByPath, ByPath.model_validate({"a": [7]})),
        (Lossy, Lossy(value=1)),
        (Options, Options.model_construct(max_items="many")),  # type: ignore[arg-type]
    ],
)
def test_what_would_not_come_back_is_refused(declared: Any, value: object) -> None:
    with pytest.raises(NotJsonError):
        JsonType.of(declared).dump(value)


def test_the_place_of_what_is_wrong_is_told() -> None:
    with pytest.raises(NotJsonError, match=r"^a\.0\.b: nan is not a JSON number; it must be finite$"):
        check_json({"a": [{"b": math.nan}]})


class Given(BaseModel):
    model_config = ConfigDict(val_json_bytes="base64", ser_json_bytes="base64")
    count: int = Field(default=1, gt=0, validation_alias="howMany")
    data: bytes = b""
    doc: Json[list[int]] | None = None
    pet: Annotated[Cat | Dog, Field(discriminator="kind")] = Field(default=Cat())
    schema: int = 0  # type: ignore[assignment]


@pytest.mark.parametrize(
    ("name", "value", "key", "written"),
    [
        ("count", 3, "howMany", 3),
        ("data", b"\xff", "data", "_w=="),
        ("doc", "[1]", "doc", "[1]"),
        ("pet", Dog(), "pet", {"type": "dog"}),
        ("schema", 1, "schema", 1),
    ],
)
def test_a_field_counts_with_all_that_its_model_says(name: str, value: object, key: str, written: JsonValue) -> None:
    field = field_type(Given, name)
    assert (field.key, field.dump(value)) == (key, written)
    assert field.reload(written) == written
    assert Given.model_validate_json(json.dumps({key: written}))


def test_a_field_refuses_what_its_model_refuses() -> None:
    with pytest.raises(ValidationError, match="greater than 0"):
        field_type(Given, "count").dump(0)


def test_contracts_that_lose_something_are_known_by_their_types() -> None:
    class All(BaseModel):
        one: list[Hidden] = []
        two: dict[str, Excluded] | None = None
        three: ByPath
        good: Camel

    assert [problem.partition(" ")[0] for problem in lossy_fields(All)] == [
        "Hidden.secret",
        "Excluded.needed",
        "ByPath.item_id",
    ]


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@given(json_values)
def test_any_json_comes_back_as_it_was(value: JsonValue) -> None:
    written = JsonType.of(Any).dump(value)
    assert json.loads(json_text(written)) == value
    assert json_bytes(value) == len(json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()) or any(
        sign in json.dumps(value) for sign in "e\\."
    )


@given(st.dictionaries(st.sampled_from(["max_items", "maxItems"]), st.integers(), min_size=1))
def test_names_that_are_read_are_the_names_that_are_written(value: dict[str, int]) -> None:
    info = Options.model_fields["max_items"]
    assert key_of("max_items", info) == "maxItems"
    read = JsonType.of(Options).load(dict(value))
    assert JsonType.of(Options).dump(read) == {"maxItems": value.get("maxItems", 5)}
