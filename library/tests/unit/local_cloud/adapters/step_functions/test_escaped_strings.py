"""Escapes in text arguments of intrinsic functions, with the engine as it comes and with the adapter."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from stepweave.local_cloud.adapters.step_functions.escaped_strings import escaped_strings, parsed_call
from stepweave.local_cloud.adapters.step_functions.executing_engine import executing_engine
from stepweave.local_cloud.adapters.step_functions.intrinsic_functions import intrinsic_functions
from stepweave.local_cloud.adapters.step_functions.json_paths import json_paths

RunMachine = Callable[..., dict[str, Any]]

CASES: dict[str, object] = {
    r"""States.StringToJson('\{"k": [1, \{"it\'s": "a\\\\b"\}]\}')""": {"k": [1, {"it's": "a\\b"}]},
    r"""States.Array($.a, States.StringToJson('\{"k": 1\}'))""": [7, {"k": 1}],
    r"""States.Format('\{{}\} of \{x\}: {}', $.a, 'a\{b\}')""": "{7} of {x}: a{b}",
    r"""States.Format('{}#{}', $.a, '<<it\'s>>')""": "7#<<it's>>",
    """States.Format('plain {}', $.a)""": "plain 7",
    "States.Array(null, -1.5, 2e3, $.b-c, $.é, 'null $.b-c 1.5')": [None, -1.5, 2000.0, 8, 9, "null $.b-c 1.5"],
}


def machine(expression: str) -> dict[str, Any]:
    state = {"Type": "Pass", "Parameters": {"value.$": expression}, "End": True}
    return {"StartAt": "Only", "States": {"Only": state}}


@pytest.mark.parametrize(("expression", "expected"), CASES.items())
def test_escaped_characters_arrive_as_themselves(run_machine: RunMachine, expression: str, expected: object) -> None:
    with executing_engine(), json_paths(), escaped_strings(), intrinsic_functions():
        ended = run_machine(machine(expression), '{"a": 7, "b-c": 8, "é": 9}')
    assert ended["status"] == "SUCCEEDED", ended.get("cause")
    assert json.loads(ended["output"]) == {"value": expected}


def test_the_engine_still_needs_it(run_machine: RunMachine) -> None:
    with executing_engine():
        ended = run_machine(machine(next(iter(CASES))), '{"a": 7}')
    assert ended["status"] == "FAILED"


@pytest.mark.parametrize(
    "text", ["States.Array(", "States.Array('a' 'b')", "States.UUID(1)", "Array()", "States.Own()"]
)
def test_what_is_no_call_is_refused(text: str) -> None:
    with pytest.raises(Exception, match=r"."):
        parsed_call(text)
