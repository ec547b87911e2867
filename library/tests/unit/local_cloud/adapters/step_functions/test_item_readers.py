"""Items come out of a text as they went in."""

import csv
import io
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stepweave.local_cloud.adapters.step_functions.item_readers import UnreadableItems, for_grammar, items_of

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=5,
)
NAMES = st.lists(st.text("abcxyz/~", min_size=1, max_size=4), min_size=1, max_size=4, unique=True)
DELIMITERS = {"COMMA": ",", "PIPE": "|", "SEMICOLON": ";", "SPACE": " ", "TAB": "\t"}


@given(st.lists(VALUES, max_size=6), st.integers(1, 8))
def test_json_lines(items: list[Any], most: int) -> None:
    text = "".join(json.dumps(item) + "\n" for item in items)
    assert items_of(text, {"InputType": "JSONL"}, most) == items[:most]


@given(st.lists(VALUES, max_size=4), NAMES)
def test_a_pointer_leads_to_the_items(items: list[Any], names: list[str]) -> None:
    content: Any = items
    for name in reversed(names):
        content = {name: content}
    pointer = "".join("/" + name.replace("~", "~0").replace("/", "~1") for name in names)
    assert items_of(json.dumps(content), {"InputType": "JSON", "ItemsPointer": pointer}, 100) == items


@pytest.mark.parametrize("delimiter", DELIMITERS)
@given(names=NAMES, texts=st.lists(st.text('ab ,;|\t"', max_size=4), max_size=6), has_header=st.booleans())
def test_rows_with_any_delimiter(delimiter: str, names: list[str], texts: list[str], has_header: bool) -> None:
    rows = [[f"{text}." for _ in names] for text in texts]
    file = io.StringIO(newline="")
    csv.writer(file, delimiter=DELIMITERS[delimiter]).writerows([names, *rows] if has_header else rows)
    location = {"CSVHeaderLocation": "FIRST_ROW"} if has_header else {"CSVHeaderLocation": "GIVEN", "CSVHeaders": names}
    found = items_of(file.getvalue(), {"InputType": "CSV", "CSVDelimiter": delimiter, **location}, 100)
    assert found == [dict(zip(names, row, strict=True)) for row in rows]


@pytest.mark.parametrize(
    ("text", "configuration", "reason"),
    [
        ("{", {"InputType": "JSONL"}, "not JSONL"),
        ("{", {"InputType": "JSON", "ItemsPointer": "/a"}, "not JSON"),
        ('{"a": 1}', {"InputType": "JSON", "ItemsPointer": "/a"}, "non-iterable"),
        ('{"a": [1]}', {"InputType": "JSON", "ItemsPointer": "/a/1"}, "points to nothing"),
        ("a|a\n1|2", {"InputType": "CSV", "CSVDelimiter": "PIPE"}, "duplicates"),
    ],
)
def test_what_holds_no_items(text: str, configuration: dict[str, Any], reason: str) -> None:
    with pytest.raises(UnreadableItems, match=reason):
        items_of(text, configuration, 100)


def test_a_delimiter_that_there_is_not() -> None:
    with pytest.raises(ValueError, match="'CSVDelimiter' must be one of"):
        for_grammar({"InputType": "CSV", "CSVDelimiter": ","})
