"""Lambda handler of the function that admits the inputs of executions, before any task runs."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from aws_lambda_powertools import Logger
from pydantic import JsonValue

from stepweave.contract.admission import AdmissionEvent
from stepweave.contract.redrive import original_of
from stepweave.functions.admission.admit import admitted
from stepweave.functions.admission.errors import InvalidInput
from stepweave.runtime.aws_errors import error_code, is_transient
from stepweave.runtime.brief_failures import brief_failures
from stepweave.runtime.clients import stepfunctions
from stepweave.runtime.context import TaskContext
from stepweave.runtime.errors import TransientError
from stepweave.runtime.newer_formats import newer_formats_are_retried
from stepweave.runtime.payload import stored
from stepweave.runtime.settings import in_lambda
from stepweave.runtime.tracing import prepare_tracing, span

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

_SERVICE = "admission"

logger = Logger(service=_SERVICE)


@brief_failures
@logger.inject_lambda_context(clear_state=True)
def handler(event: object, context: LambdaContext) -> dict[str, JsonValue]:  # noqa: ARG001 - Lambda's signature
    """Return the inputs of an execution, checked, with their defaults, and the large ones by reference.

    Raises
    ------
    InvalidInput
        If an input is missing or of the wrong type.
    TransientError
        If the execution could not be looked up, or S3 not be written, this time; or the event is of a later release.
    """
    with newer_formats_are_retried():
        received = AdmissionEvent.model_validate(event)
    logger.append_keys(correlation_id=received.execution)
    name = TaskContext(original_of(received.execution), _SERVICE).execution_name
    with span(_SERVICE, execution=received.execution):
        return admitted(
            _given(received.execution),
            received.inputs,
            received.limit_bytes,
            lambda text: stored(text, f"results/{name}/{_SERVICE}"),
        )


def _given(execution: str) -> JsonValue:
    """Look up an execution's input. It does not come with the event, in which it would leave no room for the rest."""
    try:
        text = stepfunctions().describe_execution(executionArn=execution)["input"]
    except Exception as error:
        # An execution that has only just started may not be known yet.
        if is_transient(error) or error_code(error) == "ExecutionDoesNotExist":
            raise TransientError(f"the execution could not be looked up: {error}") from error
        raise
    try:
        given: JsonValue = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise InvalidInput(f"the execution's input cannot be read: {error}") from None
    return given


if in_lambda():  # while the environment starts, when it has a full CPU whatever its memory
    prepare_tracing()
    stepfunctions()
