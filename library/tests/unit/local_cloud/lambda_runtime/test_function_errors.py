import json
import signal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stepweave.local_cloud.lambda_runtime import function_errors


@pytest.mark.parametrize(
    ("return_code", "reason"),
    [
        (0, "Runtime exited without providing a reason"),
        (3, "Runtime exited with error: exit status 3"),
        (-signal.SIGKILL, "Runtime exited with error: signal: killed"),
        (-signal.SIGSEGV, "Runtime exited with error: signal: segmentation fault (core dumped)"),
    ],
)
def test_why_a_runtime_ended(return_code: int, reason: str) -> None:
    error = json.loads(function_errors.exit_error("id", return_code))
    assert error == {"errorType": "Runtime.ExitError", "errorMessage": f"RequestId: id Error: {reason}"}


def test_running_out_of_time() -> None:
    assert json.loads(function_errors.timed_out("id", 3)) == {
        "errorType": "Sandbox.Timedout",
        "errorMessage": "RequestId: id Error: Task timed out after 3.00 seconds",
    }


@given(st.dictionaries(st.text(), st.text()), st.text(min_size=1))
def test_an_error_object_gets_the_request_id_and_keeps_its_own(error: dict[str, str], request_id: str) -> None:
    completed = json.loads(function_errors.with_request_id(json.dumps(error).encode(), request_id))
    assert completed == error | {"requestId": error.get("requestId") or request_id}


@given(st.binary())
def test_the_error_type_of_anything_can_be_asked_for(body: bytes) -> None:
    assert isinstance(function_errors.error_type(body), str)


def test_code_is_where_it_is_in_aws() -> None:
    traced = b'{"stackTrace": ["  File \\"/tmp/x/code/handler.py\\", line 2, in handler\\n"]}'
    moved = function_errors.in_task_root(traced, Path("/tmp/x/code"))  # noqa: S108 - a path that is not used
    assert moved == b'{"stackTrace": ["  File \\"/var/task/handler.py\\", line 2, in handler\\n"]}'
