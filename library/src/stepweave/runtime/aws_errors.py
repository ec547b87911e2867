"""Tell an AWS failure that another attempt may cure from one that it will not."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from botocore.exceptions import ClientError, ConnectionError, HTTPClientError, IncompleteReadError

from stepweave.runtime.errors import ObjectMissingError, TransientError

_THROTTLED = frozenset(
    {
        "LimitExceededException",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "RequestThrottled",
        "RequestTimeout",
        "RequestTimeoutException",
        "SlowDown",
        "Throttling",
        "ThrottlingException",
        "ThrottledException",
        "TooManyRequestsException",
        "TransactionInProgressException",
    }
)
_MISSING = {
    "NoSuchBucket": "its bucket does not exist; deploy the storage stack",
    "NoSuchKey": "it does not exist; it was deleted or has expired, so start a new execution",
}


def is_transient(error: BaseException | None) -> bool:
    """Tell whether `error` is a broken connection, a timeout, throttling or a fault of the service."""
    if isinstance(error, ClientError):
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        return status >= 500 or status == 429 or error_code(error) in _THROTTLED
    return isinstance(error, ConnectionError | HTTPClientError | IncompleteReadError)


@contextmanager
def object_errors(
    doing: str, bucket: str, key: str, transient: type[TransientError] = TransientError
) -> Iterator[None]:
    """Turn what S3 raises while the context lasts into errors that name the object.

    Parameters
    ----------
    doing : str
        What was being done, for example ``"read"``.
    bucket, key : str
        The object.
    transient : type of TransientError
        What to raise where another attempt may help.

    Raises
    ------
    TransientError
        If S3 could not be reached, throttled or failed.
    ObjectMissingError
        If the object or its bucket does not exist.
    """
    try:
        yield
    except Exception as error:
        if is_transient(error):
            raise transient(f"could not {doing} s3://{bucket}/{key}: {error}") from error
        if isinstance(error, ClientError) and error_code(error) in _MISSING:
            raise ObjectMissingError(f"could not {doing} s3://{bucket}/{key}: {_MISSING[error_code(error)]}") from error
        raise


def error_code(error: BaseException) -> str:
    """Return the name that AWS gave an error; empty if AWS did not answer."""
    return error.response.get("Error", {}).get("Code", "") if isinstance(error, ClientError) else ""
