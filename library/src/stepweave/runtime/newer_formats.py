"""What becomes of an invocation that meets something of a later release than its own."""

from collections.abc import Iterator
from contextlib import contextmanager

from stepweave.contract.formats import NewerFormatError
from stepweave.runtime.errors import PlatformError


@contextmanager
def newer_formats_are_retried() -> Iterator[None]:
    """Raise the error that the platform's retrier matches: a deployment under way, or one more, brings that release.

    Raises
    ------
    PlatformError
        In place of `NewerFormatError`.
    """
    try:
        yield
    except NewerFormatError as error:
        raise PlatformError(str(error)) from error
