"""The claim check: what is too large to travel through the state machine travels through S3 by reference."""

import hashlib
import json
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from pydantic import JsonValue, ValidationError

from stepweave.contract.event import StandIn
from stepweave.contract.reference import REFERENCE_KEY, ResultReference
from stepweave.contract.value_paths import Place, could_be_mistaken, is_reference, places, replaced
from stepweave.runtime.aws_errors import object_errors
from stepweave.runtime.clients import s3
from stepweave.runtime.context import TaskContext
from stepweave.runtime.errors import InvalidInputError, ObjectCorruptError, PlatformError
from stepweave.runtime.settings import payload_bucket

MAX_STATE_BYTES = 256 * 1024
"""What Step Functions lets a state return, and less than what an item of the idempotency table may hold."""
_PARALLEL_READS = 8


def resolve(values: dict[str, JsonValue], stand_ins: Sequence[StandIn] | None = None) -> dict[str, JsonValue]:
    """Replace the references in a task's input by what they refer to. What was read is not searched again.

    Parameters
    ----------
    values : dict[str, JsonValue]
        The input by field name.
    stand_ins : Sequence[StandIn] | None
        Where references may be, as the task's event says.

    Returns
    -------
    dict[str, JsonValue]
        The input without references; the same object if it held none.

    Raises
    ------
    InvalidInputError
        If a reference is malformed.
    ObjectMissingError, ObjectCorruptError
        If what it refers to is gone, or is not what was stored.
    PlatformError
        If S3 could not be read this time.
    """
    found = [(place, _reference(place, value)) for place, value in places(values, stand_ins) if is_reference(value)]
    if not found:
        return values
    if len(found) == 1:
        texts = [_read(found[0][1])]
    else:
        with ThreadPoolExecutor(min(len(found), _PARALLEL_READS)) as pool:
            texts = list(pool.map(_read, [reference for _, reference in found]))
    results: dict[Place, JsonValue] = {place: json.loads(text) for (place, _), text in zip(found, texts, strict=True)}
    return replaced(values, results)


def by_content(values: dict[str, JsonValue], stand_ins: Sequence[StandIn] | None = None) -> dict[str, JsonValue]:
    """Return a task's input with each reference reduced to the digest of what it refers to.

    Two inputs of the same content are the same, wherever that content was put.
    """
    digests: dict[Place, JsonValue] = {
        place: {REFERENCE_KEY: _reference(place, value).sha256}
        for place, value in places(values, stand_ins)
        if is_reference(value)
    }
    return replaced(values, digests)


def offload(result: JsonValue, context: TaskContext, limit_bytes: int) -> JsonValue:
    """Put a result in S3 if it is too large to travel, or if it could be taken for what stands for another value.

    Parameters
    ----------
    result : JsonValue
        The task's result.
    context : TaskContext
        The task; its execution and id are part of the object's key.
    limit_bytes : int
        How long the result's JSON may be to travel itself.

    Returns
    -------
    JsonValue
        The result, or the reference to it.

    Raises
    ------
    TransientError
        If S3 could not be written this time.
    """
    # The longest form that a JSON encoder would choose, since the one that Step Functions measures is not known.
    longest = len(json.dumps(result, allow_nan=False))
    if longest <= min(limit_bytes, MAX_STATE_BYTES) and not could_be_mistaken(result):
        return result
    text = json.dumps(result, ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode()
    return stored(text, f"results/{context.execution_path}/{context.task}")


def stored(text: bytes, folder: str) -> JsonValue:
    """Put JSON text into the payload bucket, under its digest, and return the reference to it.

    Parameters
    ----------
    text : bytes
        The text.
    folder : str
        What the object's key begins with.

    Raises
    ------
    TransientError
        If S3 could not be written this time.
    """
    digest = hashlib.sha256(text).hexdigest()
    bucket, key = payload_bucket(), f"{folder}/{digest}.json"
    with object_errors("write", bucket, key):
        s3().put_object(Bucket=bucket, Key=key, Body=text, ContentType="application/json")
    reference = ResultReference(bucket=bucket, key=key, size=len(text), sha256=digest)
    return {REFERENCE_KEY: reference.model_dump(mode="json")}


def _read(reference: ResultReference) -> bytes:
    with object_errors("read", reference.bucket, reference.key, PlatformError):
        response = s3().get_object(Bucket=reference.bucket, Key=reference.key)
        with response["Body"] as body:
            text = body.read(reference.size + 1) if response["ContentLength"] == reference.size else b""
    if len(text) != reference.size or hashlib.sha256(text).hexdigest() != reference.sha256:
        raise ObjectCorruptError(
            f"s3://{reference.bucket}/{reference.key} is not what was stored: expected {reference.size} bytes with "
            f"SHA-256 {reference.sha256}, found {response['ContentLength']} bytes; it was overwritten, "
            "so start a new execution"
        )
    return text


def _reference(place: Place, value: JsonValue) -> ResultReference:
    assert isinstance(value, dict)  # noqa: S101
    try:
        return ResultReference.model_validate(value[REFERENCE_KEY])
    except ValidationError as error:
        wrong = ", ".join(".".join(map(str, (*place, REFERENCE_KEY, *one["loc"]))) for one in error.errors())
        raise InvalidInputError(f"input.{wrong}: not a reference to a result as the runtime writes it") from error
