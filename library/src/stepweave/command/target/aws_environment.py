"""The user's AWS configuration, and how it is kept from what runs on this machine."""

import os
from collections.abc import Mapping

_NOTHING = {"AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull}


def without_aws(variables: Mapping[str, str]) -> dict[str, str]:
    """Return environment variables without those of the user's AWS accounts, and with their files closed off."""
    return {name: value for name, value in variables.items() if not name.startswith(("AWS_", "CDK_"))} | _NOTHING
