"""Calls whose parameters the API's model does not allow are refused, in AWS's words.

Upstream defect: lengths, limits, patterns and enumerations are not looked at, and a parameter that is missing ends in
an error of Python's.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from botocore.model import ListShape, Shape, StructureShape
from moto.stepfunctions.exceptions import ValidationException
from moto.stepfunctions.responses import StepFunctionResponse

from stepweave.local_cloud.adapters.patch import replaced
from stepweave.local_cloud.adapters.step_functions.sdk_services import operation_of


@contextmanager
def api_constraints() -> Iterator[None]:
    """Check calls of Step Functions before they are answered."""
    upstream = StepFunctionResponse.call_action

    def call_action(self: Any) -> Any:
        operation = operation_of("stepfunctions", self._get_action())
        shape = None if operation is None else operation.input_shape
        found = list(violations(_parameters(self.body), shape))
        if not found:
            return upstream(self)
        refusal = ValidationException(detected(found))
        given = refusal.description, {**dict(refusal.get_headers() or []), "status": refusal.code}
        status, headers, body = self._transform_response(self.response_headers, given)
        return status, *self._enrich_response(headers, body)

    with replaced(StepFunctionResponse, "call_action", call_action):
        yield


def violations(value: Any, shape: Shape | None, place: str = "") -> Iterator[str]:
    """Give what a value violates of its shape in botocore's model.

    Parameters
    ----------
    value
        A call's parameters, or a part of them.
    shape
        Its shape; None allows everything.
    place
        Where it is, as AWS writes it: ``routingConfiguration.1.member.weight``.
    """
    if shape is None:
        return
    problem = _of_value(value, shape)
    if problem is not None:
        yield f"Value '{_shown(value, shape)}' at '{place}' failed to satisfy constraint: Member must {problem}"
    if isinstance(shape, StructureShape) and isinstance(value, dict):
        for name, member in shape.members.items():
            here = f"{place}.{name}" if place else str(name)
            if value.get(name) is not None:
                yield from violations(value[name], member, here)
            elif name in shape.required_members and not member.metadata.get("idempotencyToken"):
                yield missing_member(here)
    elif isinstance(shape, ListShape) and isinstance(value, list):
        for index, item in enumerate(value, 1):
            yield from violations(item, shape.member, f"{place}.{index}.member")


def _of_value(value: Any, shape: Shape) -> str | None:
    rules = shape.metadata
    is_counted = isinstance(value, str | list)
    if not is_counted and (isinstance(value, bool) or not isinstance(value, int | float)):
        return None
    size, what = (len(value), "length") if is_counted else (value, "value")
    if size < rules.get("min", size):
        return f"have {what} greater than or equal to {rules['min']}"
    if size > rules.get("max", size):
        return f"have {what} less than or equal to {rules['max']}"
    if isinstance(value, str) and rules.get("enum") and value not in rules["enum"]:
        return f"satisfy enum value set: [{', '.join(rules['enum'])}]"
    if isinstance(value, str) and rules.get("pattern") and not _matches(rules["pattern"], value):
        return f"satisfy regular expression pattern: {rules['pattern']}"
    return None


def _matches(pattern: str, value: str) -> bool:
    try:
        return re.search(pattern, value) is not None
    except re.error:
        return True  # Java knows classes of characters that Python does not, as of a trace's header


def detected(problems: Sequence[str]) -> str:
    """Return the message of a ``ValidationException``."""
    return f"{len(problems)} validation error{'s' if len(problems) > 1 else ''} detected: {'; '.join(problems)}"


def missing_member(place: str) -> str:
    """Return what is said of a member that is required, and null or missing."""
    return f"Value null at '{place}' failed to satisfy constraint: Member must not be null"


def _shown(value: Any, shape: Shape) -> str:
    """Write a value as Java does."""
    if isinstance(shape, StructureShape) and isinstance(value, dict):
        return f"{shape.name}({', '.join(f'{name}={item}' for name, item in value.items())})"
    if isinstance(shape, ListShape) and isinstance(value, list):
        return f"[{', '.join(_shown(item, shape.member) for item in value)}]"
    return str(value)


def _parameters(body: Any) -> Any:
    try:
        return json.loads(body or "{}")
    except (TypeError, ValueError):
        return None
