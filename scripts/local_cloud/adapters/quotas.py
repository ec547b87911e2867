"""Quotas are those of AWS, to the byte.

Upstream defects: a payload of exactly 256 KiB is refused; text is measured without its quotes and escapes, and the
result of a Lambda task together with what the engine knows of the call; ``States.ALL`` and ``States.TaskFailed`` catch
``States.DataLimitExceeded``, which ends an execution on AWS; and a definition may have any size.
"""

# ruff: noqa: SLF001 - upstream's own seams

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any, Final

from moto.stepfunctions.exceptions import ValidationException
from moto.stepfunctions.parser.asl.component.common.error_name.error_equals_decl import ErrorEqualsDecl
from moto.stepfunctions.parser.asl.component.state.exec.state_task.state_task_lambda import StateTaskLambda
from moto.stepfunctions.parser.models import StepFunctionsParserBackend

from scripts.local_cloud.adapters.patch import replaced

LARGEST_PAYLOAD: Final = 256 * 1024  # bytes of UTF-8
LARGEST_DEFINITION: Final = 1024 * 1024  # characters
_CAUGHT_BY_NAME_ONLY: Final = frozenset({"States.DataLimitExceeded", "States.Runtime"})


def is_within_size_quota(value: Any) -> bool:
    """Tell whether a value is small enough to be passed from state to state."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=str)
    return len(text) * 4 <= LARGEST_PAYLOAD or len(text.encode()) <= LARGEST_PAYLOAD


@contextmanager
def quotas() -> Iterator[None]:
    """Enforce AWS's quotas."""
    name = "is_within_size_quota"
    users = [
        module
        for key, module in sys.modules.items()
        if key.startswith("moto.stepfunctions.parser.asl.") and hasattr(module, name)
    ]
    upstream_quota = StateTaskLambda._verify_size_quota
    upstream_matches = ErrorEqualsDecl._eval_body
    upstream_validate = StepFunctionsParserBackend._validate_definition

    def verify_size_quota(self: Any, env: Any, value: Any) -> None:
        upstream_quota(self, env, value["Payload"] if isinstance(value, dict) and "StatusCode" in value else value)

    def matches(self: Any, env: Any) -> None:
        error_name = env.stack[-1]
        name = getattr(error_name, "error_name", None)
        if name in _CAUGHT_BY_NAME_ONLY and error_name not in self.error_names:
            env.stack[-1] = False
            return
        upstream_matches(self, env)

    def validate_definition(definition: str) -> None:
        if len(definition) > LARGEST_DEFINITION:
            raise ValidationException(
                "1 validation error detected: Value at 'definition' failed to satisfy constraint: "
                f"Member must have length less than or equal to {LARGEST_DEFINITION}"
            )
        upstream_validate(definition)

    with ExitStack() as patches:
        for module in users:
            patches.enter_context(replaced(module, name, is_within_size_quota))
        patches.enter_context(replaced(StateTaskLambda, "_verify_size_quota", verify_size_quota))
        patches.enter_context(replaced(ErrorEqualsDecl, "_eval_body", matches))
        patches.enter_context(
            replaced(StepFunctionsParserBackend, "_validate_definition", staticmethod(validate_definition))
        )
        yield
