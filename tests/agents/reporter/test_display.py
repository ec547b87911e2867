from hypothesis import given
from hypothesis import strategies as st

from lambdas.reporter.display import quoted_parts, shortened, visible, visible_lines


@given(st.text())
def test_shown_text_can_be_seen_and_stays_on_its_line(text: str) -> None:
    assert visible(text).isprintable()
    assert all(line.isprintable() for line in visible_lines(text))


@given(st.text(st.characters(categories=["L", "N", "P", "S"])))
def test_text_that_can_be_seen_is_left_alone(text: str) -> None:
    assert visible(text) == text


@given(st.text("ab` "))
def test_parts_of_a_message_are_the_message_without_the_quotes(text: str) -> None:
    parts = list(quoted_parts(text))
    assert "".join(f"`{part}`" if quoted else part for part, quoted in parts) == text
    assert not any("`" in part for part, quoted in parts if quoted)


def test_characters_that_deceive_are_written_out() -> None:
    assert visible("a\u202egpj.py\x1b[31m\n") == "a\\u202egpj.py\\x1b[31m\\n"


@given(st.text(), st.integers(1, 10))
def test_a_shortened_text_is_not_longer_than_allowed(text: str, limit: int) -> None:
    short = shortened(text, limit)
    assert len(short) <= limit
    assert short == text or (short.endswith("…") and text.startswith(short[:-1]))
