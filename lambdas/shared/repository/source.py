"""Python source of others: parsed, never run."""

import ast
from pathlib import Path, PurePosixPath


def parse(path: str | Path) -> ast.Module:
    """Parse a Python file in the encoding that it declares.

    Raises
    ------
    OSError
        If the file cannot be read.
    SyntaxError, ValueError, RecursionError, MemoryError
        If it is no Python that the running interpreter can parse.
    """
    return ast.parse(Path(path).read_bytes())


def valid_text(text: str) -> str:
    r"""Return text that can be written as UTF-8: half a surrogate pair, as a literal may hold, becomes ``\ud800``."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def in_test_suite(path: str | PurePosixPath) -> bool:
    """Tell whether a file belongs to the tests, by the conventions of pytest and unittest.

    Parameters
    ----------
    path : str | PurePosixPath
        Relative to the top of the repository.
    """
    path = PurePosixPath(path)
    return is_test_module(path) or path.name == "conftest.py" or not {"test", "tests"}.isdisjoint(path.parts[:-1])


def is_test_module(path: str | PurePosixPath) -> bool:
    """Tell whether a file's name is one of those in which tests are looked for."""
    name = PurePosixPath(path).name
    return name.endswith(".py") and (name.startswith("test_") or name.endswith("_test.py") or name == "tests.py")
