"""Why a repository cannot be reviewed."""


class RepositoryError(Exception):
    """The repository cannot be read or sent; the message says why, and what to do."""
