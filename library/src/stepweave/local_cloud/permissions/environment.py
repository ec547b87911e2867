"""What the environment says about permissions."""

from __future__ import annotations

import os
from typing import Final

from stepweave.local_cloud.errors import LocalCloudError
from stepweave.local_cloud.permissions.authority import Mode

MODE_VARIABLE: Final = "STEPWEAVE_LOCAL_PERMISSIONS"


def mode_of_environment() -> Mode:
    """Return what the environment says of a local cloud that is to start; permissions are enforced if it says nothing.

    Raises
    ------
    LocalCloudError
        If it says something else.
    """
    said = os.environ.get(MODE_VARIABLE) or Mode.ENFORCE
    if said not in set(Mode):
        raise LocalCloudError(f"{MODE_VARIABLE} is {said!r}: must be {', '.join(Mode)}")
    return Mode(said)
