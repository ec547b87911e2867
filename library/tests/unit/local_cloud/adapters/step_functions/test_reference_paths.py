"""Where results are put."""

from typing import Any

import pytest

from stepweave.local_cloud.adapters.step_functions.error_names import error_names
from stepweave.local_cloud.adapters.step_functions.json_paths import json_paths, parsed
from stepweave.local_cloud.adapters.step_functions.reference_paths import placed, reference_paths


@pytest.mark.parametrize(
    ("value", "path", "expected"),
    [
        ({"a": 1}, "$", 9),
        ({"a": 1}, "$.a", {"a": 9}),
        ({"a": 1}, "$.b", {"a": 1, "b": 9}),
        ({"a": 1}, "$.b.c", {"a": 1, "b": {"c": 9}}),
        ({"a": {"b": 1}}, "$['a'].c", {"a": {"b": 1, "c": 9}}),
        ({"a": [1, 2]}, "$.a[1]", {"a": [1, 9]}),
        ({"a": [{"b": 1}]}, "$.a[0].c", {"a": [{"b": 1, "c": 9}]}),
    ],
)
def test_a_result_is_put_into_the_input_which_stays_as_it_is(value: Any, path: str, expected: Any) -> None:
    before = repr(value)
    assert placed(value, parsed(path).steps, 9) == expected
    assert repr(value) == before


@pytest.mark.parametrize(
    ("value", "path"),
    [("text", "$.a"), ({"a": 1}, "$.a.b"), ({"a": None}, "$.a.b"), ({"a": [1]}, "$.a[1]"), ([1], "$.a")],
)
def test_where_there_is_no_place_nothing_is_put(value: Any, path: str) -> None:
    with pytest.raises(LookupError):
        placed(value, parsed(path).steps, 9)


def machine(**fields: Any) -> dict[str, Any]:
    branch = {"StartAt": "B", "States": {"B": {"Type": "Pass", "End": True}}}
    state = {"Type": "Parallel", "Branches": [branch], "End": True, **fields}
    return {"StartAt": "A", "States": {"A": state, "Z": {"Type": "Pass", "Result": "caught", "End": True}}}


CAUGHT = machine(
    ResultPath="$.a.b",
    Catch=[{"ErrorEquals": ["States.ResultPathMatchFailure"], "ResultPath": None, "Next": "Z"}],
)


def test_upstream_stumbles(engine: Any) -> None:
    assert engine.end(engine.start(CAUGHT, {"a": "text"}))["error"] == "States.Runtime"


def test_a_result_that_has_no_place_can_be_caught(engine: Any) -> None:
    engine.adapt(json_paths(), error_names(), reference_paths())
    assert engine.end(engine.start(CAUGHT, {"a": "text"}))["output"] == '"caught"'


@pytest.mark.parametrize("field", ["InputPath", "OutputPath"])
def test_a_path_that_leads_nowhere_is_told_with_its_reason(engine: Any, field: str) -> None:
    engine.adapt(json_paths(), reference_paths())
    state = {"Type": "Pass", field: "$.no.such", "End": True}
    ended = engine.end(engine.start({"StartAt": "A", "States": {"A": state}}, {"x": 1}))
    assert ended["cause"].endswith("Invalid path '$.no.such' : Missing property in path $['no']")
