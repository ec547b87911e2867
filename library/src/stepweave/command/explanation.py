"""What the exceptions of others mean in plain words."""

import os

from stepweave.command.errors import EXIT_FAILED, EXIT_REFUSED, CommandError, first_line
from stepweave.contract.refusal import RefusedError


def explain(error: Exception) -> CommandError | None:
    """Say in plain words what a known exception means; None if it is not known."""
    module = type(error).__module__
    if isinstance(error, CommandError):
        return error
    if isinstance(error, RefusedError):
        return CommandError(str(error))
    if module.startswith(("botocore.", "boto3.", "s3transfer.")):
        # The AWS SDK takes a while to import, and is imported only if it is what failed.
        from stepweave.command.target.aws_errors import explain_aws

        return explain_aws(error)
    if module.startswith("stepweave."):
        # Our own modules raise errors that name the place and say what to do.
        failed = module.startswith("stepweave.local_client.")
        return CommandError(str(error), exit_code=EXIT_FAILED if failed else EXIT_REFUSED)
    if isinstance(error, OSError):
        return CommandError(_system_error(error), exit_code=EXIT_FAILED)
    return None


def _system_error(error: OSError) -> str:
    """Say what the system refused: the file, if it names one, and why."""
    why = error.strerror or first_line(error)
    return why if error.filename is None else f"{file_name(error.filename)}: {why}"


def file_name(name: object) -> str:
    """Return how an exception names a file: as text, as bytes, or as the number of a descriptor."""
    return os.fsdecode(name) if isinstance(name, str | bytes | os.PathLike) else f"file descriptor {name}"
