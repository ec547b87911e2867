"""The local engine against executions that were recorded from AWS.

The recordings are data of others and lie beside the project; where they are missing the tests are skipped. What the
engine is known to do otherwise stands in ``recorded_misses.json`` with its cause, and nothing else may stand there.
"""

import json
import re
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final, cast

import pytest
from moto.core.base_backend import BackendDict
from moto.core.model_instances import reset_model_data
from moto.server import DomainDispatcherApplication, create_backend_app

from stepweave.local_cloud.account import ACCOUNT_ID
from stepweave.local_cloud.adapters.step_functions.adapters import step_functions_adapters
from stepweave.local_cloud.adapters.step_functions.engine_clients import InProcessClients
from stepweave.local_cloud.lambda_runtime.caller import Caller
from stepweave.local_cloud.lambda_runtime.invocation import InvocationResult
from stepweave.local_cloud.server import WsgiApplication

RECORDINGS: Final = Path(__file__).parents[4] / "shared" / "asl-cases.json"
MISSES: Final = Path(__file__).with_name("recorded_misses.json")
ROLE: Final = "arn:aws:iam::123456789012:role/test"

_WILDCARD: Final = re.compile(r"<[^<>]*>|111111111111")
_STANDS_FOR_ANYTHING: Final = frozenset(
    {"date", "start-date", "generated-uuid", "RandomNumberGenerated", "snf_role_arn", "RequestId", "x-amzn-RequestId"}
)
_MACHINE: Final = re.compile(r"stateMachine:([\w-]+)")
_FAILED: Final = frozenset({"FAILED", "TIMED_OUT", "ABORTED"})

pytestmark = pytest.mark.skipif(
    not RECORDINGS.exists(), reason=f"the recordings of AWS's answers are not at {RECORDINGS}"
)


class NoFunctions:
    """No recorded definition calls a function."""

    lets_callers_leave = False

    def invoke_function(
        self,
        function: str,
        payload: bytes,
        *,
        qualifier: str | None = None,
        client_context: str | None = None,
        trace_header: str | None = None,
        caller: Caller | None = None,
    ) -> InvocationResult:
        raise AssertionError(f"{function} is called")


@pytest.fixture(scope="module")
def stepfunctions() -> Iterator[Any]:
    application = cast("WsgiApplication", DomainDispatcherApplication(create_backend_app))
    with ExitStack() as adapters:
        for adapter in step_functions_adapters(application, "http://localhost", NoFunctions()):
            adapters.enter_context(adapter)
        yield InProcessClients(application, "http://localhost").client("us-east-1", "stepfunctions")
    BackendDict.reset()
    reset_model_data()


@pytest.fixture(scope="module")
def descriptions(stepfunctions: Any) -> dict[str, dict[str, Any]]:
    """What became of each recorded case here, by its name; all run at once."""
    cases = json.loads(RECORDINGS.read_text())
    started = {case["name"]: _start(stepfunctions, index, case) for index, case in enumerate(cases)}
    return {name: _end(stepfunctions, execution) for name, execution in started.items()}


def _start(stepfunctions: Any, index: int, case: dict[str, Any]) -> str | None:
    # What a definition starts is there, in our account, if AWS found it there.
    definition, given = (json.dumps(case[key]).replace("000000000000", ACCOUNT_ID) for key in ("definition", "input"))
    if case["expected_status"] not in _FAILED:
        for name in _MACHINE.findall(definition + given):
            target = {"StartAt": "Only", "States": {"Only": {"Type": "Pass", "End": True}}}
            stepfunctions.create_state_machine(name=name, roleArn=ROLE, definition=json.dumps(target))
    try:
        machine = stepfunctions.create_state_machine(
            name=f"case-{index}", roleArn=ROLE, definition=definition, type=case["type"]
        )["stateMachineArn"]
    except stepfunctions.exceptions.InvalidDefinition:
        return None
    return str(stepfunctions.start_execution(stateMachineArn=machine, input=given)["executionArn"])


def _end(stepfunctions: Any, execution: str | None) -> dict[str, Any]:
    if execution is None:
        return {"status": "refused"}
    for _ in range(3000):
        description: dict[str, Any] = stepfunctions.describe_execution(executionArn=execution)
        if description["status"] != "RUNNING":
            return description
        time.sleep(0.01)
    return description


def agrees(expected: Any, actual: Any) -> bool:
    """Tell whether a value is what was recorded; in a recording some text stands for text that differs each time."""
    if isinstance(expected, str) and expected in _STANDS_FOR_ANYTHING:
        return isinstance(actual, str | int | float)
    if isinstance(expected, str) and isinstance(actual, str):
        pattern = ".*".join(re.escape(part) for part in _WILDCARD.split(expected))
        return re.fullmatch(pattern, actual, re.DOTALL) is not None
    if isinstance(expected, dict) and isinstance(actual, dict):
        return expected.keys() == actual.keys() and all(agrees(expected[key], actual[key]) for key in expected)
    if isinstance(expected, list) and isinstance(actual, list):
        return len(expected) == len(actual) and all(map(agrees, expected, actual))
    return type(expected) is type(actual) and bool(expected == actual)


def _is_missed(case: dict[str, Any], description: dict[str, Any]) -> bool:
    output = json.loads(description["output"]) if "output" in description else None
    return description["status"] != case["expected_status"] or not agrees(case["expected_output"], output)


def _is_missed_in_error(case: dict[str, Any], description: dict[str, Any]) -> bool:
    return not all(agrees(case[f"expected_{field}"], description.get(field)) for field in ("error", "cause"))


def test_status_and_output_are_those_of_aws_but_for_the_known_misses(descriptions: dict[str, Any]) -> None:
    cases = json.loads(RECORDINGS.read_text())
    missed = {case["name"] for case in cases if _is_missed(case, descriptions[case["name"]])}
    known = json.loads(MISSES.read_text())
    assert missed == set(known["status and output"]), "the list of known misses is not the list of misses"
    assert len(missed) <= len(cases) * 0.02


def test_errors_and_causes_are_those_of_aws_but_for_the_known_misses(descriptions: dict[str, Any]) -> None:
    cases = json.loads(RECORDINGS.read_text())
    known = json.loads(MISSES.read_text())
    failed = [case for case in cases if case["name"] not in known["status and output"]]
    missed = {case["name"] for case in failed if _is_missed_in_error(case, descriptions[case["name"]])}
    assert missed == set(known["error and cause"]), "the list of known misses is not the list of misses"
