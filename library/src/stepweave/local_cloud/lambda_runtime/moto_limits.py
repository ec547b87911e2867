"""Settings of a function that Lambda refuses.

Upstream defect: variables of any size and of any name, and any timeout and memory, are accepted.
"""

import json
from collections.abc import Mapping
from typing import Any, Final

from moto.awslambda.exceptions import InvalidParameterValueException, ValidationException

ENVIRONMENT_BYTES: Final = 4096
RESERVED_VARIABLES: Final = frozenset(
    {
        "AWS_ACCESS_KEY",
        "AWS_ACCESS_KEY_ID",
        "AWS_DEFAULT_REGION",
        "AWS_EXECUTION_ENV",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
        "AWS_LAMBDA_FUNCTION_NAME",
        "AWS_LAMBDA_FUNCTION_VERSION",
        "AWS_LAMBDA_INITIALIZATION_TYPE",
        "AWS_LAMBDA_LOG_GROUP_NAME",
        "AWS_LAMBDA_LOG_STREAM_NAME",
        "AWS_LAMBDA_RUNTIME_API",
        "AWS_REGION",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_SESSION_TOKEN",
        "LAMBDA_RUNTIME_DIR",
        "LAMBDA_TASK_ROOT",
        "_HANDLER",
        "_X_AMZN_TRACE_ID",
    }
)
_RANGES: Final = {"Timeout": ("timeout", 1, 900), "MemorySize": ("memorySize", 128, 10_240)}


def check_limits(settings: Mapping[str, Any]) -> None:
    """Raise AWS's error if a function may not have these settings; those that are not given are fine."""
    for name, (member, least, most) in _RANGES.items():
        if name in settings:
            _check_range(member, settings[name], least, most)
    variables = (settings.get("Environment") or {}).get("Variables") or {}
    reserved = sorted(RESERVED_VARIABLES.intersection(variables))
    if reserved:
        message = (
            "Lambda was unable to configure your environment variables because the environment variables you have "
            "provided contains reserved keys that are currently not supported for modification. Reserved keys used "
            f"in this request: {', '.join(reserved)}"
        )
        raise InvalidParameterValueException(message)
    measured = json.dumps(variables, separators=(",", ":"), ensure_ascii=False, default=str)
    if len(measured.encode()) > ENVIRONMENT_BYTES:
        message = (
            "Lambda was unable to configure your environment variables because the environment variables you have "
            f"provided exceeded the 4KB limit. String measured: {measured}"
        )
        raise InvalidParameterValueException(message)


def _check_range(member: str, value: Any, least: int, most: int) -> None:
    if int(value) > most:
        raise ValidationException(value, member, f"Member must have value less than or equal to {most}")
    if int(value) < least:
        raise ValidationException(value, member, f"Member must have value greater than or equal to {least}")
