"""What AWS puts into its managed Python runtimes, and a bundle therefore leaves out."""

from typing import Final

MANAGED_RUNTIME: Final = frozenset(
    {
        "awslambdaric",
        "boto3",
        "botocore",
        "jmespath",
        "python-dateutil",
        "s3transfer",
        "simplejson",
        "six",
        "snapshot-restore-py",
        "urllib3",
    }
)
"""The normalized names of the distributions: the SDK, the runtime interface client, and what these need."""

MANAGED_MODULES: Final = frozenset(
    {
        "awslambdaric",
        "boto3",
        "botocore",
        "dateutil",
        "jmespath",
        "s3transfer",
        "simplejson",
        "six",
        "snapshot_restore_py",
        "urllib3",
    }
)
"""The top-level modules of these."""
