"""What a path of the JSONPath dialect yields."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonpath_ng.ext.parser import parse
from moto.stepfunctions.parser.asl.utils.json_path import NoSuchJsonPathError, extract_json

from stepweave.local_cloud.adapters.step_functions.definite_paths import definite_paths

DOCUMENT = [{"a": 1}, {"report": {"rows": [{"y": 5}]}, "slot:1": 7}]


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
    with definite_paths():
        assert extract_json(path, DOCUMENT) == value


def test_a_path_that_leads_nowhere_is_an_error_still() -> None:
    with definite_paths(), pytest.raises(NoSuchJsonPathError):
        extract_json("$[0].b", DOCUMENT)


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
    with definite_paths():
        try:
            found = [extract_json(path, document)]
        except NoSuchJsonPathError:
            found = []
    assert found == expected
