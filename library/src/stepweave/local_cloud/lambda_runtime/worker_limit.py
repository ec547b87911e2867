"""How many worker processes there may be: what AWS has room for, this machine may not have."""

from collections.abc import Mapping
from typing import Final

from stepweave.local_cloud.errors import LocalCloudError

VARIABLE: Final = "STEPWEAVE_LOCAL_WORKERS"
DEFAULT: Final = 128


def worker_limit(variables: Mapping[str, str]) -> int:
    """Return how many workers of all functions there may be at once, by `VARIABLE`.

    Raises
    ------
    LocalCloudError
        If the variable is not a whole number from 1.

    Example
    -------
    >>> worker_limit({}), worker_limit({"STEPWEAVE_LOCAL_WORKERS": "16"})
    (128, 16)
    """
    text = variables.get(VARIABLE) or str(DEFAULT)
    if not (text.isascii() and text.isdigit() and int(text) > 0):
        raise LocalCloudError(f"{VARIABLE} is {text!r}: give a whole number from 1, or leave it out for {DEFAULT}")
    return int(text)
