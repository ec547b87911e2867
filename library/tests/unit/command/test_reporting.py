import sys

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError, NoCredentialsError

from stepweave.cdk.errors import SynthesisError
from stepweave.command.errors import CommandError
from stepweave.command.reporting import reported
from stepweave.contract.refusal import RefusedError
from stepweave.graph.errors import WorkflowError
from stepweave.local_client.errors import ControlRefusedError


def ends(error: BaseException) -> int:
    with pytest.raises(SystemExit) as ended, reported():
        raise error
    assert isinstance(ended.value.code, int)
    return ended.value.code


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        (CommandError("it is wrong", "put it right"), 2, "error: it is wrong\n  put it right\n"),
        (CommandError("it failed", exit_code=1), 1, "error: it failed\n"),
        (RefusedError("/x: no such directory"), 2, "error: /x: no such directory\n"),
        (WorkflowError("a cycle"), 2, "error: a cycle\n"),
        (SynthesisError("no uv"), 2, "error: no uv\n"),
        (ControlRefusedError("a stack lacks a thing"), 1, "error: a stack lacks a thing\n"),
        (PermissionError(13, "Permission denied", "/x"), 1, "error: /x: Permission denied\n"),
        (NoCredentialsError(), 2, "error: no usable AWS credentials"),
        (
            EndpointConnectionError(endpoint_url="http://x"),
            1,
            'error: Could not connect to the endpoint URL: "http://x"',
        ),
        (
            ClientError({"Error": {"Code": "ExpiredToken", "Message": "too old"}}, "DescribeStacks"),
            1,
            "error: AWS refused DescribeStacks: ExpiredToken: too old\n  renew your AWS credentials",
        ),
        (KeyboardInterrupt(), 130, "interrupted\n"),
    ],
)
def test_what_is_foreseeable_is_told_without_a_traceback(
    error: BaseException, code: int, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ends(error) == code
    captured = capsys.readouterr()
    assert captured.err.startswith(said)
    assert "Traceback" not in captured.err
    assert captured.out == ""


def test_what_is_not_says_how_to_see_more(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("STEPWEAVE_DEBUG", raising=False)
    assert ends(ZeroDivisionError("by zero")) == 1
    said = capsys.readouterr().err
    assert said == "error: unexpected ZeroDivisionError: by zero\n  set STEPWEAVE_DEBUG=1 to see where\n"
    monkeypatch.setenv("STEPWEAVE_DEBUG", "1")
    ends(ZeroDivisionError("by zero"))
    assert "Traceback (most recent call last)" in capsys.readouterr().err


def test_an_exit_that_was_asked_for_passes() -> None:
    with pytest.raises(SystemExit) as ended, reported():
        sys.exit(7)
    assert ended.value.code == 7


def test_an_error_message_does_not_command_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    ends(CommandError("file \x1b[31mred\udc80", "hint \x07"))
    captured = capsys.readouterr().err
    assert captured == "error: file \\x1b[31mred\\udc80\n  hint \\x07\n"
