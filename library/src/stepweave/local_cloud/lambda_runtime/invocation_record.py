"""The record of an asynchronous event that Lambda sends to a destination."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from stepweave.local_cloud.lambda_runtime.invocation import InvocationResult
from stepweave.local_cloud.permissions.callers import RoleSession

JsonObject = dict[str, object]


class Condition(StrEnum):
    """How an asynchronous event ended."""

    SUCCESS = "Success"
    RETRIES_EXHAUSTED = "RetriesExhausted"
    EVENT_AGE_EXCEEDED = "EventAgeExceeded"
    NO_CONCURRENCY = "ZeroReservedConcurrency"


@dataclass(frozen=True)
class InvocationRecord:
    """What became of one event.

    Attributes
    ----------
    target_arn : str
        The destination.
    function_arn : str
        The function, with the version that was called.
    request_id : str
    condition : Condition
    invoke_count : int
        How often the function ran.
    payload : bytes
        The event as it was.
    result : InvocationResult or None
        The last attempt's; None if the function did not run.
    caller : RoleSession or None
        In whose name it is sent.
    """

    target_arn: str
    function_arn: str
    request_id: str
    condition: Condition
    invoke_count: int
    payload: bytes
    result: InvocationResult | None
    caller: RoleSession | None = None

    def to_json(self) -> JsonObject:
        """The record as destinations get it."""
        record: JsonObject = {
            "version": "1.0",
            "timestamp": datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "requestContext": {
                "requestId": self.request_id,
                "functionArn": self.function_arn,
                "condition": self.condition.value,
                "approximateInvokeCount": self.invoke_count,
            },
            "requestPayload": _json(self.payload),
        }
        if self.result is not None:
            context: JsonObject = {"statusCode": 200, "executedVersion": self.result.executed_version}
            if self.result.function_error is not None:
                context["functionError"] = self.result.function_error
            record |= {"responseContext": context, "responsePayload": _json(self.result.payload)}
        return record

    def to_text(self) -> str:
        """The record as JSON text."""
        return json.dumps(self.to_json(), separators=(",", ":"), ensure_ascii=False)


DeliverRecord = Callable[[InvocationRecord], None]


def discard_record(record: InvocationRecord) -> None:
    """Deliver records nowhere."""


def _json(payload: bytes) -> object:
    try:
        return json.loads(payload or b"{}")
    except ValueError:
        return payload.decode("utf-8", errors="replace")
