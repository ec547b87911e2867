"""Answers that are what the API's model says already are written as they are.

Upstream defect: each answer is built anew by a walk over all that the model allows, which looks for each member under
half a dozen names; an event of a history, which allows for sixty members and has four, takes half a millisecond.
"""

from __future__ import annotations

import datetime
import json
from typing import Any, Final

from moto.core.responses import ActionResult

_CONTENT_TYPE: Final = "application/x-amz-json-1.0"


class PlainAnswer(ActionResult):  # type: ignore[misc]
    """An answer whose members have the names and types of the model of a JSON protocol.

    Parameters
    ----------
    result
        The answer. Times are aware, and cut to milliseconds; members that are None are left out, at any depth.
    """

    def execute_result(self, context: Any) -> Any:
        """Write the answer; the signature is upstream's."""
        if context.service_model.protocol != "json":
            return super().execute_result(context)
        known = context.operation_model.output_shape.members
        answer = {name: _without_none(value) for name, value in self.result.items() if name in known}
        body = json.dumps(_without_none(answer), default=_timestamp, separators=(",", ":"))
        return 200, {"Content-Type": _CONTENT_TYPE}, body


def _without_none(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _without_none(member) for name, member in value.items() if member is not None}
    if isinstance(value, list):
        return [_without_none(item) for item in value]
    return value


def _timestamp(value: object) -> float:
    if isinstance(value, datetime.datetime):
        return value.replace(microsecond=value.microsecond // 1000 * 1000).timestamp()
    raise TypeError(f"{type(value).__name__} is no value of an answer")
