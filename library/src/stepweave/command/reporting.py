"""The one place where whatever goes wrong becomes lines on standard error, and an exit code."""

import os
import signal
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import NoReturn

from stepweave.command.errors import EXIT_FAILED, EXIT_SIGNAL, CommandError, first_line
from stepweave.command.explanation import explain
from stepweave.command.terminal.console import say, say_error
from stepweave.command.terminal.standard_streams import ReaderGoneError
from stepweave.command.terminal.stop_signals import show_cursor, signal_of

DEBUG_VARIABLE = "STEPWEAVE_DEBUG"


@contextmanager
def reported() -> Iterator[None]:
    """Turn every exception into lines on standard error and an exit code.

    Raises
    ------
    SystemExit
        With the exit code, for every exception that is not the command line library's own.
    """
    try:
        yield
    except CommandError as error:
        _stop(error.message, error.hint, error.exit_code, error)
    except KeyboardInterrupt as interruption:
        number = signal_of(interruption)
        say("interrupted" if number is signal.SIGINT else f"ended by {number.name}")
        show_cursor()  # last: the signal may have come between hiding it and taking note of that
        raise SystemExit(EXIT_SIGNAL + number) from None
    except ReaderGoneError:
        raise SystemExit(EXIT_SIGNAL + signal.SIGPIPE) from None
    except Exception as error:
        if _is_command_line_error(error):
            raise
        known = explain(error)
        if known is None:
            name = type(error).__name__
            _stop(f"unexpected {name}: {first_line(error)}", f"set {DEBUG_VARIABLE}=1 to see where", EXIT_FAILED, error)
        _stop(known.message, known.hint, known.exit_code, error)


@contextmanager
def output_delivered() -> Iterator[None]:
    """Make sure at the end that what was printed has arrived.

    Raises
    ------
    OutputError, ReaderGoneError
        If it has not, and the command would have ended well else.
    """
    try:
        yield
    except SystemExit as end:
        if end.code in {0, None}:
            sys.stdout.flush()
        else:
            with suppress(CommandError, ReaderGoneError):
                sys.stdout.flush()
        raise
    sys.stdout.flush()


def _is_command_line_error(error: BaseException) -> bool:
    """Tell whether Typer reports an exception itself: a usage error, an exit that was asked for."""
    return any(cls.__module__.split(".")[0] in {"typer", "click"} for cls in type(error).__mro__)


def _stop(message: str, hint: str, exit_code: int, error: Exception) -> NoReturn:
    if os.environ.get(DEBUG_VARIABLE):
        traceback.print_exception(error, file=sys.stderr)
    say_error(message, hint)
    raise SystemExit(exit_code) from None
