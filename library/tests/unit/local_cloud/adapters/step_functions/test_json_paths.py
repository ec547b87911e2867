"""Where paths lead."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonpath_ng.ext.parser import parse
from moto.stepfunctions.parser.asl.utils.json_path import NoSuchJsonPathError, extract_json

from stepweave.local_cloud.adapters.step_functions.json_paths import extract, parsed

DOCUMENT = [{"a": 1}, {"report": {"rows": [{"y": 5}]}, "slot:1": 7}]
ITEMS = {
    "items": [{"v": 1, "n": "a"}, {"v": 2, "n": "b", "on": False}, {"v": 3, "n": "Abc", "on": None}],
    "deep": {"x": {"a": [1, 2]}, "limit": 2},
    "ключ": 1,
    'Test\\""Name"': "escaped",
    "a b": {"c.d": 7},
    "none": None,
}


def test_upstream_makes_a_list_of_a_field_behind_an_index() -> None:
    assert extract_json("$[0].a", DOCUMENT) == [1]


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("$[0]", {"a": 1}),
        ("$[0].a", 1),
        ("$[1]['slot:1']", 7),
        ("$[1].report.rows[0].y", 5),
        ("$[1].report.rows", [{"y": 5}]),
        ("$[1].report.rows[*].y", [5]),
        ("$[0:1].a", [1]),
        ("$..y", [5]),
    ],
)
def test_only_a_path_that_may_lead_to_many_values_yields_a_list(path: str, value: object) -> None:
    assert extract(path, DOCUMENT) == value


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("$.none", None),
        ("$.ключ", 1),
        ("$['a b']['c.d']", 7),
        ('$["a b"]["c.d"]', 7),
        (r"""$['Test\""Name"']""", "escaped"),
        ("$.items[-1].v", 3),
        ("$.items[1:].v", [2, 3]),
        ("$.items[:-1].v", [1, 2]),
        ("$.items[-2:].v", [2, 3]),
        ("$.items[0,2].v", [1, 3]),
        ("$.items[0]['v','n']", {"v": 1, "n": "a"}),
        ("$.items[*].on", [False, None]),
        ("$.deep.*.a", [[1, 2]]),
        ("$.deep..a", [[1, 2]]),
        ("$.deep..a[*]", [1, 2]),
        ("$..v", [1, 2, 3]),
        ("$.items[?(@.on)].v", [2, 3]),
        ("$.items[?(!@.on)].v", [1]),
        ("$.items[?(@.on == null)].v", [3]),
        ("$.items[?(@.v == 2)].n", ["b"]),
        ("$.items[?(@.v != 2 && @.n != 'a')].n", ["Abc"]),
        ("$.items[?(@.v < 2 || @.v > 2)].v", [1, 3]),
        ("$.items[?((@.v == 1 || @.v == 2) && @.n == 'b')].v", [2]),
        ("$.items[?(@.n =~ /a.*/i)].v", [1, 3]),
        ("$.items[?(@.n in ['a', 'b'])].v", [1, 2]),
        ("$.items[?(@.n nin ['a', 'b'])].v", [3]),
        ("$.items[?(@.v >= $.deep.limit)].v", [2, 3]),
        ("$.items[?(@['n'] == b)].v", [2]),  # as AWS's own samples write it
        ("$.items[?(@.v == '2')].v", []),
        ("$..[?(@.v == 1)]", [{"v": 1, "n": "a"}]),
        ("$.items[?(@.v > 9)]", []),
        ("$.nothing[*].v", []),
        ("$.nothing[1:]", []),
        ("$[*].nothing", []),
        ("$.deep.limit ", 2),
    ],
)
def test_the_dialect_is_that_of_aws(path: str, value: object) -> None:
    assert extract(path, ITEMS) == value


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("$.nothing", "No results for path: $['nothing']"),
        ("$.no.such.path", "Missing property in path $['no']"),
        ("$.items[7]", "No results for path: $['items'][7]"),
        ("$.items.v", "No results for path: $['items']['v']"),
        ("$.none.v", "No results for path: $['none']['v']"),
        ("$.deep[1:]", "There is no array at path $['deep']"),
    ],
)
def test_a_path_that_leads_nowhere_is_an_error(path: str, reason: str) -> None:
    with pytest.raises(NoSuchJsonPathError) as error:
        extract(path, ITEMS)
    assert getattr(error.value, "reason", None) == reason


@pytest.mark.parametrize("path", ["a.b", "$a", "$.", "$.a[", "$.a[?(@.b", "$.a[?(&&)]", "$['a", "$.a b", "$..", "$[a]"])
def test_what_is_no_path_is_refused(path: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        parsed(path)


KEYS = st.sampled_from(["a", "b", "slot:1"])
DOCUMENTS = st.recursive(
    st.none() | st.integers() | st.text(max_size=2),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=12,
)


@given(document=DOCUMENTS, steps=st.lists(KEYS | st.integers(-3, 3), max_size=4))
def test_a_definite_path_leads_where_the_library_goes(document: object, steps: list[str | int]) -> None:
    path = "$" + "".join(f"[{step!r}]" for step in steps)
    expected = [match.value for match in parse(path).find(document)]
    try:
        found = [extract(path, document)]
    except NoSuchJsonPathError:
        found = []
    assert found == expected
