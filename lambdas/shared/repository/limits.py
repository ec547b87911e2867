"""How large a repository may be: what fits into the ephemeral storage of an agent's function."""

MAX_ARCHIVE_BYTES = 512 * 1024 * 1024
"""Bytes of the compressed archive."""

MAX_TREE_BYTES = 1024 * 1024 * 1024
"""Bytes of all files together."""

MAX_FILES = 100_000
"""Files, symbolic links and directories together."""

MAX_NAME_BYTES = 4000
"""Bytes of a file's name with its directories; an operating system's limit less the name of the tree."""
