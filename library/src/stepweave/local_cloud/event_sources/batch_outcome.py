"""Which messages of a batch a function did not process, by its answer."""

from __future__ import annotations

import json
from collections.abc import Collection

from stepweave.local_cloud.lambda_runtime.invocation import InvocationResult


def failed_messages(
    result: InvocationResult, message_ids: Collection[str], *, reports_item_failures: bool
) -> frozenset[str]:
    """Return the ids of the messages that are to be received again.

    As in AWS, an answer that cannot be understood, or that names a message which is not in the batch, means all.

    Parameters
    ----------
    result : InvocationResult
    message_ids : collection of str
        The batch.
    reports_item_failures : bool
        Whether the answer is looked at.
    """
    every = frozenset(message_ids)
    if result.function_error is not None:
        return every
    if not reports_item_failures:
        return frozenset()
    named = _named(result.payload)
    return named if named is not None and named <= every else every


def _named(payload: bytes) -> frozenset[str] | None:
    """The messages that an answer names; None if it cannot be understood."""
    try:
        failures = (json.loads(payload or b"null") or {}).get("batchItemFailures") or []
        return frozenset(str(item["itemIdentifier"]) for item in failures)
    except (ValueError, AttributeError, KeyError, TypeError):
        return None
