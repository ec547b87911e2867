"""Why a repository cannot be reviewed."""

from stepweave import RefusedError


class RepositoryError(RefusedError):
    """The repository cannot be read. The message names it and says what to do."""
