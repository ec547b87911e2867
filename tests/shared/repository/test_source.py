"""Python source of others."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdas.shared.repository.source import in_test_suite, is_test_module, parse, valid_text


@given(st.text(st.characters(exclude_categories=[])))
def test_valid_text_can_be_written_and_keeps_what_could_be(text: str) -> None:
    valid = valid_text(text)

    valid.encode()
    if not any("\ud800" <= character <= "\udfff" for character in text):
        assert valid == text


@pytest.mark.parametrize(
    "content", [b"name = '\xc3\xa9'", b"# coding: latin-1\nname = '\xe9'", b"\xef\xbb\xbfname = '\xc3\xa9'"]
)
def test_source_is_parsed_in_the_encoding_that_it_declares(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.py"
    path.write_bytes(content)

    [statement] = parse(path).body

    assert getattr(statement, "value").value == "é"  # noqa: B009


@pytest.mark.parametrize(
    ("path", "suite", "module"),
    [
        ("test_a.py", True, True),
        ("pkg/a_test.py", True, True),
        ("app/tests.py", True, True),
        ("conftest.py", True, False),
        ("tests/support/data.py", True, False),
        ("pkg/test/a.py", True, False),
        ("pkg/testing/a.py", False, False),
        ("pkg/contest.py", False, False),
        ("tests", False, False),
    ],
)
def test_what_belongs_to_the_tests(path: str, suite: bool, module: bool) -> None:
    assert (in_test_suite(path), is_test_module(path)) == (suite, module)
