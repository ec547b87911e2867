"""What is parsed once: the paths of results, beside definitions."""

import json
from typing import Any

import pytest
from moto.stepfunctions.parser.asl.component.common.path import result_path

from stepweave.local_cloud.adapters.step_functions.executing_engine import executing_engine
from stepweave.local_cloud.adapters.step_functions.fewer_threads import fewer_threads
from stepweave.local_cloud.adapters.step_functions.parsed_once import parsed_once

CHAIN = {
    "StartAt": "One",
    "States": {
        "One": {"Type": "Pass", "Result": {"n": [1]}, "ResultPath": "$.made.one", "Next": "Two"},
        "Two": {"Type": "Pass", "InputPath": "$.made.one", "ResultPath": "$.made.one", "Next": "Three"},
        "Three": {"Type": "Pass", "InputPath": "$.made.one.n", "ResultPath": "$.made.n", "End": True},
    },
}


def test_the_path_of_a_result_is_parsed_once(run_machine: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    parsed: list[str] = []
    upstream = result_path.parse

    def parse(path: str) -> Any:
        parsed.append(path)
        return upstream(path)

    monkeypatch.setattr(result_path, "parse", parse)

    def parsed_by_two_runs() -> list[str]:
        parsed.clear()
        for name in ("first", "second"):
            output = json.loads(run_machine(CHAIN, '{"given": 1}', name=name)["output"])
            assert output == {"given": 1, "made": {"one": {"n": [1]}, "n": [1]}}
        return sorted(parsed)

    with executing_engine():
        assert parsed_by_two_runs() == ["$.made.n", "$.made.n"] + ["$.made.one"] * 4
        with parsed_once(), fewer_threads():
            assert parsed_by_two_runs() == ["$.made.n", "$.made.one"]
