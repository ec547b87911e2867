"""Why a repository's archive is not read."""


class RepositoryRefusedError(Exception):
    """The archive is damaged, too large, or would write outside its tree; another attempt finds it the same."""
