"""Why a repository cannot be reviewed."""

from lambdas.shared.repository.files import display_name
from stepweave import RefusedError


class RepositoryError(RefusedError):
    """The repository cannot be read or sent; the message says why, and what to do.

    The message may quote names of files, of whatever bytes; it can be printed all the same.
    """

    def __init__(self, message: str) -> None:
        super().__init__(display_name(message))
