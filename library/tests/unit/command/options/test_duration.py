from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stepweave.command.errors import CommandError
from stepweave.command.options.duration import read_duration
from stepweave.command.options.reason import LONGEST, check_reason


@given(
    st.integers(0, 3_000),
    st.integers(0, 9_999),
    st.integers(0, 9_999),
    st.integers(0, 99_999),
    st.sampled_from([str, str.upper]),
)
def test_parts_add_up(days: int, hours: int, minutes: int, seconds: int, case: type[str]) -> None:
    whole = timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)
    parts = [(days, "d"), (hours, "h"), (minutes, "m"), (seconds, "s")]
    text = "".join(f"{value}{unit}" for value, unit in parts if value)
    if timedelta() < whole <= timedelta(days=3650):
        assert read_duration("--for", case(text)) == whole


@given(st.text() | st.from_regex(r"-?[0-9.]*[smhdwy]?", fullmatch=True))
def test_any_other_text_is_refused_and_named(text: str) -> None:
    try:
        assert timedelta() < read_duration("--for", text) <= timedelta(days=3650)
    except CommandError as refused:
        assert f"--for {text!r}" in refused.message  # noqa: PT017 - either will do


@given(st.text())
def test_a_reason_is_one_line_that_a_terminal_does_not_obey(text: str) -> None:
    if len(" ".join(text.split())) <= LONGEST:
        assert check_reason(text).isprintable()


def test_a_reason_that_is_too_long_is_refused() -> None:
    with pytest.raises(CommandError, match="501 characters"):
        check_reason("x" * 501)
