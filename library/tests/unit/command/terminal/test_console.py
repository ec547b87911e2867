import pytest
from hypothesis import given
from hypothesis import strategies as st

from stepweave.command.terminal.console import printable, seconds


@given(st.text())
def test_what_is_printable_can_be_printed_anywhere(text: str) -> None:
    shown = printable(text)
    shown.encode()
    assert all(char.isprintable() or char in "\n\t" for char in shown)
    assert printable(shown) == shown


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (-1, "0.00s"),
        (0, "0.00s"),
        (0.994, "0.99s"),
        (0.999, "1.0s"),
        (59.94, "59.9s"),
        (59.96, "1m00s"),
        (3599.4, "59m59s"),
        (3599.6, "1h00m"),
        (90_000, "25h00m"),
    ],
)
def test_durations(value: float, shown: str) -> None:
    assert seconds(value) == shown
