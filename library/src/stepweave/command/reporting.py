"""The one place where whatever goes wrong becomes lines on standard error, and an exit code."""

import os
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn

from stepweave.command.errors import EXIT_FAILED, EXIT_INTERRUPTED, CommandError, explain, first_line
from stepweave.command.terminal.console import say, say_error

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
    except KeyboardInterrupt:
        say("interrupted")
        raise SystemExit(EXIT_INTERRUPTED) from None
    except BrokenPipeError:
        # The reader of standard output has gone (`stepweave list | head -1`): nobody is left to tell.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise SystemExit(EXIT_FAILED) from None
    except Exception as error:
        if _is_command_line_error(error):
            raise
        known = explain(error)
        if known is None:
            name = type(error).__name__
            _stop(f"unexpected {name}: {first_line(error)}", f"set {DEBUG_VARIABLE}=1 to see where", EXIT_FAILED, error)
        _stop(known.message, known.hint, known.exit_code, error)


def _is_command_line_error(error: BaseException) -> bool:
    """Tell whether Typer reports an exception itself: a usage error, an exit that was asked for."""
    return any(cls.__module__.split(".")[0] in {"typer", "click"} for cls in type(error).__mro__)


def _stop(message: str, hint: str, exit_code: int, error: Exception) -> NoReturn:
    if os.environ.get(DEBUG_VARIABLE):
        traceback.print_exception(error, file=sys.stderr)
    say_error(message, hint)
    raise SystemExit(exit_code) from None
