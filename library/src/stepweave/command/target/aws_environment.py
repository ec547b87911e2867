"""The user's AWS configuration, and how it is kept from what runs on this machine."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

_NOTHING = {"AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull}


def without_aws(variables: Mapping[str, str]) -> dict[str, str]:
    """Return environment variables without those of the user's AWS accounts, and with their files closed off."""
    return {name: value for name, value in variables.items() if not name.startswith(("AWS_", "CDK_"))} | _NOTHING


@contextmanager
def aws_configuration_hidden() -> Iterator[None]:
    """Hide the user's AWS configuration from this process.

    A local cloud in this process has an SDK session here and there inside, and a profile that does not exist, or a
    configuration file with a typing error, would break it.
    """
    before = dict(os.environ)
    hidden = without_aws(before)
    for name in before.keys() - hidden.keys():
        del os.environ[name]
    os.environ.update(hidden)
    try:
        yield
    finally:
        for name in hidden.keys() - before.keys():
            del os.environ[name]
        os.environ.update(before)
