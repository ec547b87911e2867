"""What can go wrong in the command, and what the errors of others mean in plain words."""

import os

EXIT_FAILED = 1
EXIT_REFUSED = 2
EXIT_INTERRUPTED = 130


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


def explain(error: Exception) -> CommandError | None:
    """Say in plain words what a known exception means; None if it is not known."""
    module, name = type(error).__module__, type(error).__name__
    if isinstance(error, CommandError):
        return error
    if module.startswith(("botocore.", "boto3.")):
        # The AWS SDK takes a while to import, and is imported only if it is what failed.
        from stepweave.command.target.aws_errors import explain_aws

        return explain_aws(error)
    if module.startswith(("state_machines.", "scripts.", "stacks.")):
        # Our own modules raise errors that name the place and say what to do.
        return CommandError(str(error), exit_code=EXIT_FAILED if "local_cloud" in module else EXIT_REFUSED)
    if isinstance(error, OSError) and error.filename is not None:
        return CommandError(f"{os.fsdecode(error.filename)}: {error.strerror or name}", exit_code=EXIT_FAILED)
    return None


def first_line(error: BaseException) -> str:
    """Return the first line of an exception's message, or its type's name where there is none."""
    return next(iter(str(error).splitlines()), "") or type(error).__name__
