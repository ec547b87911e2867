"""Lambda handler of the function that makes dead letters: EventBridge invokes it with executions that failed.

It fails as a whole: Lambda invokes it again twice, and puts the event into the function's queue of failed invocations
if that does not help either, where ``stepweave dlq`` finds it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_lambda_powertools import Logger, single_metric
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.idempotency import IdempotencyConfig, idempotent_function

from stepweave.contract.status_change import StatusChangeEvent
from stepweave.functions.dead_letters.letter import make_letter
from stepweave.functions.dead_letters.queue import send
from stepweave.runtime.idempotency_records import records
from stepweave.runtime.settings import in_lambda, metrics_namespace
from stepweave.runtime.tracing import prepare_tracing, span

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

_SERVICE = "dead_letters"
_REMEMBERED_SECONDS = 24 * 60 * 60
"""How long EventBridge tries to deliver an event."""

logger = Logger(service=_SERVICE)


@logger.inject_lambda_context(clear_state=True)
def handler(event: object, context: LambdaContext) -> None:
    """Put a dead letter into the workflow's queue, once for an event, which may be delivered more than once."""
    received = StatusChangeEvent.model_validate(event)
    logger.append_keys(correlation_id=received.detail.execution)
    config = IdempotencyConfig(
        expires_after_seconds=_REMEMBERED_SECONDS, hash_function="sha256", lambda_context=context
    )

    def deliver(*, key: str) -> dict[str, str]:  # noqa: ARG001 - what makes it the same event
        return _deliver(received)

    once = idempotent_function(
        deliver,
        data_keyword_argument="key",
        persistence_store=records().owned_by(context.aws_request_id),
        config=config,
        key_prefix=_SERVICE,
    )
    with span(_SERVICE, execution=received.detail.execution):
        logger.info("execution did not succeed", status=received.detail.status, **once(key=received.id))


def _deliver(event: StatusChangeEvent) -> dict[str, str]:
    letter = make_letter(event.detail)
    if letter is None:
        return {"outcome": "redriven since"}
    message = send(letter)
    with single_metric(name="DeadLetters", unit=MetricUnit.Count, value=1, namespace=metrics_namespace()) as metric:
        metric.add_dimension(name="state_machine", value=letter.state_machine.rpartition(":")[2])
    return {"outcome": "dead letter sent", "message_id": message, "task": letter.task.id if letter.task else ""}


if in_lambda():  # while the environment starts, when it has a full CPU whatever its memory
    prepare_tracing()
    records()
