"""What a path of the JSONPath dialect yields."""

import pytest
from moto.stepfunctions.parser.asl.utils.json_path import NoSuchJsonPathError, extract_json

from scripts.local_cloud.adapters.definite_paths import definite_paths

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
