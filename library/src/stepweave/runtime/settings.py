"""What the stack tells a function through its environment."""

import os

from stepweave.runtime.errors import ConfigurationError


def payload_bucket() -> str:
    """Return the name of the bucket for stored inputs, large results and reports."""
    return _required("STEPWEAVE_PAYLOAD_BUCKET")


def idempotency_table() -> str:
    """Return the name of the table that remembers which tasks ran."""
    return _required("STEPWEAVE_IDEMPOTENCY_TABLE")


def gates_table() -> str:
    """Return the name of the table where tasks of different branches meet."""
    return _required("STEPWEAVE_GATES_TABLE")


def breakers_table() -> str:
    """Return the name of the table of circuit breakers."""
    return _required("STEPWEAVE_BREAKERS_TABLE")


def event_bus() -> str | None:
    """Return the name of the event bus; None if there is none to tell."""
    return os.environ.get("STEPWEAVE_EVENT_BUS") or None


def metrics_namespace() -> str:
    """Return the CloudWatch namespace of the metrics."""
    return os.environ.get("POWERTOOLS_METRICS_NAMESPACE") or "Stepweave"


def in_lambda() -> bool:
    """Tell whether this process is a Lambda execution environment, in AWS or in the local cloud."""
    return "AWS_LAMBDA_FUNCTION_NAME" in os.environ


def _required(variable: str) -> str:
    value = os.environ.get(variable)
    if not value:
        raise ConfigurationError(f"the environment variable {variable} is not set; the function's stack must set it")
    return value
