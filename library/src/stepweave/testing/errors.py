"""What the test API refuses to do, and what it noticed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stepweave.command.errors import CommandError

if TYPE_CHECKING:
    import pytest


class TestApiError(Exception):
    """A test asked for what cannot be done; the message says what to do."""

    __test__ = False


class ExecutionStuckError(TestApiError):
    """Nothing runs and nothing waits for a time, yet the execution has not ended."""


class ExecutionTimeoutError(TestApiError):
    """The execution did not end, or did not come so far, in the real time that the test gives it."""


class NotAvailableOnAwsError(TestApiError):
    """Only a local cloud can do this."""


def is_the_tests(error: pytest.ExceptionInfo[BaseException] | None) -> bool:
    """Tell whether an error is about what a test does: then the test's own line matters, and not where it was raised.

    Modules of the test API set this as their ``__tracebackhide__``, so that pytest leaves out their lines. Of any
    other error it shows every line: it may be the test API's own.
    """
    return error is not None and isinstance(error.value, TestApiError | CommandError)
