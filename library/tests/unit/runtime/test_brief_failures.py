"""What a failing task reports stays small."""

from __future__ import annotations

import json
import traceback
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stepweave.contract.failure import MAX_CAUSE_BYTES
from stepweave.runtime.brief_failures import MAX_FRAMES, MAX_MESSAGE_CHARACTERS, brief_failures

LEAST_RESULT_LIMIT = (256 - 64) * 1024 // 128
"""What the compiler leaves to each of the results that meet in the fullest document that it allows."""


class BackendError(Exception):
    """An error of an agent."""


def _dive(depth: int, error: Exception) -> None:
    if depth:
        _dive(depth - 1, error)
    raise error


def _fail(event: object, depth: int, error: Exception) -> None:
    _dive(depth, error)


def _raised(error: Exception, depth: int = 0, limit: int = 100_000) -> Exception:
    try:
        brief_failures(_fail)({"result_limit_bytes": limit}, depth, error)
    except Exception as raised:  # noqa: BLE001
        return raised
    raise AssertionError("it raised nothing")


def _carried(error: Exception) -> int:
    """Return how long the cause is in a state's input, as Lambda reports the error."""
    report = {
        "errorMessage": str(error),
        "errorType": type(error).__name__,
        "requestId": "7f4a9c1e-0000-0000-0000-000000000000",
        "stackTrace": traceback.format_list(traceback.extract_tb(error.__traceback__)[1:]),  # without the test itself
    }
    return len(json.dumps(json.dumps(report)))


def test_a_short_error_is_raised_as_it_is() -> None:
    error = BackendError("no answer")
    assert _raised(error) is error


def test_a_long_message_is_cut_and_the_name_is_kept() -> None:
    cut = _raised(BackendError("x" * 50_000))
    assert type(cut).__name__ == "BackendError"
    assert len(str(cut)) == MAX_MESSAGE_CHARACTERS
    assert str(cut).startswith("xxx")
    assert str(cut).endswith("(the log has all of it)")


@given(
    st.text(st.characters(codec="utf-8"), max_size=40).map(lambda text: text * 200),
    st.integers(0, 60),
    st.integers(LEAST_RESULT_LIMIT, 2 * MAX_CAUSE_BYTES),
)
def test_no_report_is_longer_than_said_or_than_the_result_might_be(message: str, depth: int, limit: int) -> None:
    assert _carried(_raised(BackendError(message), depth, limit)) <= min(limit, MAX_CAUSE_BYTES)


def test_the_innermost_frames_are_kept() -> None:
    names = [frame.name for frame in traceback.extract_tb(_raised(BackendError("deep"), depth=60).__traceback__)]
    assert names[-1] == "_dive"
    assert names.count("_dive") <= MAX_FRAMES
    assert names.count("brief") == 1


def test_a_line_that_is_too_long_is_left_out() -> None:
    source = "def fail():\n    raise ValueError('" + "y" * 30_000 + "'[:5])\n"
    names: dict[str, Any] = {}
    exec(compile(source, __file__ + ".generated", "exec"), names)  # noqa: S102
    with pytest.raises(ValueError, match="yyyyy") as caught:
        brief_failures(names["fail"])()
    assert _carried(caught.value) <= MAX_CAUSE_BYTES


def test_the_end_of_the_process_is_left_alone() -> None:
    def leave() -> None:
        raise SystemExit("x" * 5_000)

    with pytest.raises(SystemExit) as ended:
        brief_failures(leave)()
    assert len(str(ended.value)) == 5_000
