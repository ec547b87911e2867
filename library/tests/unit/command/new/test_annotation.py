"""Types are written as an author would write them, and what they need is imported."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Literal, Optional

import pytest
from pydantic import BaseModel, Field

from stepweave.command.new.annotation import NoSourceError, annotation_of


class Model(BaseModel):
    text: str


class Outer:
    class Inner: ...


HERE = (__name__, "Model")


@pytest.mark.parametrize(
    ("annotated", "text", "imports"),
    [
        (str, "str", set()),
        (None, "None", set()),
        (type(None), "None", set()),
        (Any, "Any", {("typing", "Any")}),
        (Model, "Model", {HERE}),
        (datetime, "datetime", {("datetime", "datetime")}),
        (list[Model], "list[Model]", {HERE}),
        (Model | None, "Model | None", {HERE}),
        (Optional[int], "int | None", set()),  # noqa: UP045 - authors write this too
        (Mapping[str, list[Model]], "Mapping[str, list[Model]]", {HERE, ("collections.abc", "Mapping")}),
        (Annotated[int, Field(gt=3)], "int", set()),
        (Literal["a", 3], "Literal['a', 3]", {("typing", "Literal")}),
    ],
)
def test_types_that_can_be_imported(annotated: object, text: str, imports: set[tuple[str, str]]) -> None:
    written = annotation_of(annotated)
    assert written.text == text
    assert written.imports == imports


def test_types_that_cannot() -> None:
    class Local: ...

    for annotated in (Local, Outer.Inner, list[Local], tuple[int, ...], "text", Literal[b"x"]):
        with pytest.raises(NoSourceError):
            annotation_of(annotated)
