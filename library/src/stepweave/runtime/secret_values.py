"""The values of secrets, kept for a while in the execution environment."""

from __future__ import annotations

import os
from functools import lru_cache
from typing import Any, Final

from aws_lambda_powertools.utilities.parameters import BaseProvider, GetParameterError, SecretsProvider, SSMProvider

from stepweave.contract.secret import Secret
from stepweave.runtime.aws_errors import error_code, is_transient
from stepweave.runtime.clients import secret_store
from stepweave.runtime.errors import ConfigurationError, TransientError
from stepweave.runtime.settings import in_lambda

_KEPT_SECONDS: Final = 300
_REMEDIES: Final = {
    "AccessDeniedException": "the function may not read it; if a KMS key of your own encrypts it, name the key in the "
    "contract: Secret(name, key_arn=...)",
    "ParameterNotFound": "it does not exist in this account and region; put it into the Parameter Store",
    "ResourceNotFoundException": "it does not exist in this account and region; create it in Secrets Manager",
}


def secret_value(secret: Secret) -> str:
    """Return the value of a secret; see :meth:`stepweave.TaskContext.secret`.

    Raises
    ------
    ConfigurationError
        If it does not exist, may not be read, or is no text.
    TransientError
        If the service could not be reached, throttled or failed.
    """
    options: dict[str, Any] = {"decrypt": True} if secret.is_parameter else {}
    provider = _provider(secret.is_parameter, os.environ.get("AWS_ENDPOINT_URL"))
    try:
        value = provider.get(secret.name, max_age=_KEPT_SECONDS if in_lambda() else 0, **options)
    except GetParameterError as error:
        cause = error.__context__ or error
        if is_transient(cause):
            raise TransientError(f"could not read the secret {secret.name!r}: {cause}") from cause
        remedy = _REMEDIES.get(error_code(cause), str(cause))
        raise ConfigurationError(f"could not read the secret {secret.name!r}: {remedy}") from cause
    if not isinstance(value, str):
        raise ConfigurationError(f"the secret {secret.name!r} holds bytes; store it as text, in Base64 for example")
    return value


# The endpoint is part of the key, as it is for the clients.
@lru_cache(maxsize=8)
def _provider(is_parameter: bool, endpoint: str | None) -> BaseProvider:  # noqa: ARG001
    if is_parameter:
        return SSMProvider(boto3_client=secret_store("ssm"))
    return SecretsProvider(boto3_client=secret_store("secretsmanager"))
