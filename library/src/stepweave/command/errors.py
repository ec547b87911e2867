"""What can go wrong in the command, and its exit codes."""

from typing import Final

EXIT_FAILED: Final = 1
EXIT_REFUSED: Final = 2
EXIT_SIGNAL: Final = 128
"""To this the number of a signal is added that ended the command, as shells do."""


class CommandError(Exception):
    """Something foreseeable that stops the command.

    Parameters
    ----------
    message : str
        What went wrong, naming the place.
    hint : str
        What to do about it; empty if the message says so itself.
    exit_code : int
        2 if nothing was started because of what was asked for, 1 if what was started failed.
    """

    def __init__(self, message: str, hint: str = "", exit_code: int = EXIT_REFUSED) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.exit_code = exit_code


def first_line(error: BaseException) -> str:
    """Return the first line of an exception's message, or its type's name where there is none.

    An exception of a stranger may be unable to say what it means; that must not hide that it was raised.
    """
    try:
        message = str(error)
    except Exception:  # noqa: BLE001 - whatever its own method raises
        message = ""
    return next((line for line in message.splitlines() if line.strip()), "") or type(error).__name__
