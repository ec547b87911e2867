"""What intrinsic functions return, and when they fail."""

import json
from typing import Any

import pytest

from stepweave.local_cloud.adapters.step_functions.error_names import error_names
from stepweave.local_cloud.adapters.step_functions.escaped_strings import escaped_strings
from stepweave.local_cloud.adapters.step_functions.intrinsic_functions import FUNCTIONS, intrinsic_functions
from stepweave.local_cloud.adapters.step_functions.json_paths import json_paths

RETURNED: list[tuple[str, list[Any], Any]] = [
    ("Format", ["{}: {}, {}", "a", [1, None], {"b": True}], "a: [1, null], {b=true}"),
    ("Format", ["{x} {}", "a"], "{x} a"),
    ("StringToJson", ['{"a": [1, null]}'], {"a": [1, None]}),
    ("StringToJson", [" "], None),
    ("JsonToString", [{"é": [1, None]}], '{"é":[1,null]}'),
    ("Array", [], []),
    ("Array", [1, [2], None], [1, [2], None]),
    ("ArrayPartition", [[1, 2, 3], 2], [[1, 2], [3]]),
    ("ArrayPartition", [[], 2], []),
    ("ArrayContains", [[1, 2], True], False),
    ("ArrayContains", [[{"a": [1]}], {"a": [1]}], True),
    ("ArrayContains", [[{"a": [1]}], {"a": [True]}], False),
    ("ArrayContains", [[1], 1.0], True),
    ("ArrayRange", [1, 9, 2], [1, 3, 5, 7, 9]),
    ("ArrayRange", [3, 1, -1], [3, 2, 1]),
    ("ArrayGetItem", [["a", "b"], 1], "b"),
    ("ArrayLength", [[1, 2]], 2),
    ("ArrayUnique", [[1, True, 1, {"a": 1}, {"a": 1}, None]], [1, True, {"a": 1}, None]),
    ("Base64Encode", ["é"], "w6k="),
    ("Base64Decode", ["w6k="], "é"),
    ("Hash", ["x", "SHA-256"], "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881"),
    ("Hash", ["", "MD5"], "d41d8cd98f00b204e9800998ecf8427e"),
    ("JsonMerge", [{"a": {"b": 1}, "c": 1}, {"a": {"d": 2}}, False], {"a": {"d": 2}, "c": 1}),
    ("MathAdd", [1, -3], -2),
    ("MathAdd", [1.5, -1.5], 1),
    ("StringSplit", ["a.b,,c", ".,"], ["a", "b", "c"]),
    ("StringSplit", ["a+b", "+"], ["a", "b"]),
]
REFUSED: list[tuple[str, list[Any]]] = [
    ("Format", ["{}"]),
    ("Format", ["{}", 1, 2]),
    ("Format", [5]),
    ("StringToJson", ["nope"]),
    ("StringToJson", ["NaN"]),
    ("StringToJson", [5]),
    ("ArrayPartition", [[1], 0]),
    ("ArrayPartition", ["a", 1]),
    ("ArrayContains", ["a", "a"]),
    ("ArrayRange", [1, 9, 0]),
    ("ArrayRange", [1, 1001, 1]),
    ("ArrayRange", ["1", 2, 1]),
    ("ArrayGetItem", [[1], 1]),
    ("ArrayGetItem", [[1], -1]),
    ("ArrayGetItem", [[1], "0"]),
    ("ArrayGetItem", [[1], True]),
    ("ArrayLength", ["a"]),
    ("ArrayUnique", [{}]),
    ("Base64Encode", ["x" * 10_001]),
    ("Base64Encode", [5]),
    ("Base64Decode", ["%"]),
    ("Base64Decode", ["/w=="]),
    ("Hash", ["x", "SHA-3"]),
    ("Hash", ["x" * 10_001, "MD5"]),
    ("JsonMerge", [{}, {}, True]),
    ("JsonMerge", [[], {}, False]),
    ("JsonMerge", [{}, None, False]),
    ("MathRandom", [2, 2]),
    ("MathRandom", ["1", 2]),
    ("MathAdd", ["1", 2]),
    ("MathAdd", [True, 2]),
    ("StringSplit", [5, ","]),
    ("StringSplit", ["a", 5]),
]


@pytest.mark.parametrize(("name", "arguments", "expected"), RETURNED)
def test_a_function_returns_what_it_does_on_aws(name: str, arguments: list[Any], expected: Any) -> None:
    assert json.dumps(FUNCTIONS[name](*arguments)) == json.dumps(expected)


@pytest.mark.parametrize(("name", "arguments"), REFUSED)
def test_a_function_refuses_arguments_that_it_cannot_do_with(name: str, arguments: list[Any]) -> None:
    with pytest.raises((TypeError, ValueError)):
        FUNCTIONS[name](*arguments)


def test_a_seed_makes_a_random_number_one_and_the_same() -> None:
    assert {FUNCTIONS["MathRandom"](1, 100, 5) for _ in range(5)} == {FUNCTIONS["MathRandom"](1, 100, 5)}
    assert {FUNCTIONS["MathRandom"](1, 3) for _ in range(100)} == {1, 2}


def machine(call: str) -> dict[str, Any]:
    branch = {"StartAt": "B", "States": {"B": {"Type": "Pass", "Parameters": {"v.$": call}, "End": True}}}
    catch = [{"ErrorEquals": ["States.IntrinsicFailure"], "Next": "Z"}]
    states = {
        "A": {"Type": "Parallel", "Branches": [branch], "Catch": catch, "End": True},
        "Z": {"Type": "Pass", "End": True},
    }
    return {"StartAt": "A", "States": states}


def test_upstream_fails_with_an_error_that_nobody_can_catch(engine: Any) -> None:
    assert engine.end(engine.start(machine("States.StringToJson($.s)"), {"s": "nope"}))["error"] == "States.Runtime"


def test_what_a_function_cannot_do_can_be_caught(engine: Any) -> None:
    engine.adapt(json_paths(), escaped_strings(), error_names(), intrinsic_functions())
    ended = engine.end(engine.start(machine("States.Array(States.StringToJson($.s))"), {"s": "nope"}))
    assert json.loads(ended["output"])["Error"] == "States.IntrinsicFailure"
    assert engine.end(engine.start(machine("States.MathAdd(1.5, -1)")))["output"] == '[{"v":1}]'
