"""Test functions are counted as pytest collects them."""

import subprocess
import sys
from pathlib import Path

from lambdas.shared.repository.source import parse
from lambdas.tester.python_file import count_tests
from tests.shared.repository.trees import plant

TESTS = """
import unittest
import pytest

def test_plain(): pass
async def test_async(): pass
def testing_counts_too(): pass
def helper(): pass
def _test_private(): pass

if True:
    def test_conditional(): pass
try:
    def test_tried(): pass
except ImportError:
    pass

class TestGroup:
    def test_method(self): pass
    def other(self): pass
    class TestInner:
        def test_inner(self): pass

class TestConstructed:
    def __init__(self): pass
    def test_not_collected(self): pass

class Helper:
    def test_not_collected(self): pass

class Oddly(unittest.TestCase):
    def setUp(self): pass
    def test_case(self): pass

class Derived(Oddly):
    def test_derived(self): pass

def outer():
    def test_not_collected(): pass

@pytest.fixture
def fixture(): pass
"""


def test_the_count_is_pytests(tmp_path: Path) -> None:
    plant(tmp_path, {"test_it.py": TESTS})
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "--collect-only",
            "-q",
            "-p",
            "no:cacheprovider",
            "-c",
            "/dev/null",
            "test_it.py",
        ],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    collected = {line for line in done.stdout.splitlines() if "::" in line}
    inherited = {line for line in collected if line.endswith("Derived::test_case")}
    assert inherited

    assert count_tests(parse(tmp_path / "test_it.py")) == len(collected - inherited)


def test_a_parametrized_test_counts_once(tmp_path: Path) -> None:
    plant(tmp_path, {"test_it.py": "import pytest\n@pytest.mark.parametrize('x', [1, 2, 3])\ndef test_x(x): pass\n"})

    assert count_tests(parse(tmp_path / "test_it.py")) == 1
