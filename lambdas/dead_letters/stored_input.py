"""Inputs that are too large for a message are put in S3, and their reference into the message."""

import hashlib
import json
from typing import Final

from pydantic import JsonValue

from lambdas.contract.dead_letter import DEAD_LETTER_PREFIX
from lambdas.contract.reference import REFERENCE_KEY, ResultReference
from lambdas.runtime.aws_errors import object_errors
from lambdas.runtime.clients import s3
from lambdas.runtime.settings import payload_bucket

LARGEST_BYTES: Final = 64 * 1024
"""What travels in the message itself: a letter holds two inputs and a cause, and a message may have 256 KiB."""


def stored_if_large(value: JsonValue, execution_name: str) -> JsonValue:
    """Return a value, or the reference to it if its JSON is longer than `LARGEST_BYTES`.

    Parameters
    ----------
    value : JsonValue
        The input of an execution or a task.
    execution_name : str
        The execution's name, which is part of the object's key.

    Raises
    ------
    TransientError
        If S3 could not be written this time.
    """
    if len(json.dumps(value)) <= LARGEST_BYTES:  # as the message holds it
        return value
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")
    digest = hashlib.sha256(text).hexdigest()
    bucket, key = payload_bucket(), f"{DEAD_LETTER_PREFIX}/{execution_name}/{digest}.json"
    with object_errors("write", bucket, key):
        s3().put_object(Bucket=bucket, Key=key, Body=text, ContentType="application/json")
    reference = ResultReference(bucket=bucket, key=key, size=len(text), sha256=digest)
    return {REFERENCE_KEY: reference.model_dump(mode="json")}
