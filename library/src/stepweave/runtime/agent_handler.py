"""The decorator that makes an agent's function a Lambda handler."""

from __future__ import annotations

import functools
import time
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, TypeAlias, TypeVar

from aws_lambda_powertools.utilities.idempotency.exceptions import IdempotencyAlreadyInProgressError
from pydantic import BaseModel, JsonValue

from stepweave.contract.agent import Agent
from stepweave.runtime.breaker_guard import breaker_guard
from stepweave.runtime.brief_failures import brief_failures
from stepweave.runtime.context import TaskContext
from stepweave.runtime.errors import OverlappingAttemptError
from stepweave.runtime.failure_record import record_failure
from stepweave.runtime.failures import failed_places
from stepweave.runtime.gates import arrive, fetch_published, publish
from stepweave.runtime.idempotency import Outcome, run_once, task_key
from stepweave.runtime.idempotency_records import records
from stepweave.runtime.newer_formats import newer_formats_are_retried
from stepweave.runtime.payload import offload, resolve
from stepweave.runtime.settings import in_lambda
from stepweave.runtime.signature import check_signature
from stepweave.runtime.task_input import read_event, read_input
from stepweave.runtime.task_output import dump_output
from stepweave.runtime.telemetry import Telemetry
from stepweave.runtime.tracing import prepare_tracing, span

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

InputT = TypeVar("InputT", bound=BaseModel)
OutputT = TypeVar("OutputT", bound=BaseModel)
Handler: TypeAlias = "Callable[[object, LambdaContext], JsonValue]"


def agent_handler(contract: Agent[InputT, OutputT]) -> Callable[[Callable[[InputT, TaskContext], OutputT]], Handler]:
    """Make a typed function the Lambda handler of an agent.

    The handler reads the task's event, fetches what the input refers to, checks it against the contract, runs the
    function once per execution, task and input, and returns its result as JSON, by reference if it is too large.
    The function is guarded by the contract's circuit breaker; a stored result is returned without asking it.
    Before it returns it publishes the result and arrives at gates, where the event asks for that. Each invocation is
    traced, logged and counted. The function itself stays reachable as ``__wrapped__``.

    Parameters
    ----------
    contract : Agent
        The agent's contract.

    Raises
    ------
    TypeError
        At import, if the function's annotations are not what the contract says.

    Notes
    -----
    The handler raises :class:`~stepweave.runtime.errors.InvalidInputError` for an input that does not fit,
    :class:`~stepweave.runtime.errors.PlatformError` if an AWS service that it depends on fails,
    ``IdempotencyAlreadyInProgressError`` while an earlier attempt may be under way,
    :class:`~stepweave.runtime.errors.OverlappingAttemptError` after it waited for one in vain,
    :class:`~stepweave.runtime.breaker_errors.CircuitOpenError` while the contract's breaker is open, and whatever the
    function raises. What is raised is cut so that its report stays small; the log has all of it.

    Example
    -------
    >>> @agent_handler(linter)  # doctest: +SKIP
    ... def handler(task: LintInput, context: TaskContext) -> LintReport:
    ...     with checkout(task.repo) as tree:
    ...         return lint(tree)
    """

    def decorate(function: Callable[[InputT, TaskContext], OutputT]) -> Handler:
        check_signature(contract, function)
        telemetry = Telemetry(contract.name, function.__module__)

        def run(event: object, lambda_context: LambdaContext) -> Outcome:
            task = read_event(event)
            remaining = lambda_context.get_remaining_time_in_millis() / 1000
            key = task_key(task)
            context = TaskContext(task.execution, task.task, time.monotonic() + remaining, key, contract.secrets)
            telemetry.identify(context)

            def attempt() -> JsonValue:
                fetched = fetch_published(task)
                failed = failed_places(fetched, task.stand_ins)  # before references: what they lead to is data
                given = read_input(contract.input, task.task, resolve(fetched, task.stand_ins), failed)
                with breaker_guard(contract.breaker, context, telemetry):
                    output = function(given, context)
                result = dump_output(contract, output)
                return offload(result, context, task.result_limit_bytes)

            with span(contract.name, execution=task.execution, task=task.task):
                outcome = run_once(contract.name, task, key, lambda_context, attempt)
                # After a replay too: the earlier attempt may have died before it came to this.
                if task.publish:
                    # What others fetch is what the state returns, even if another attempt or a fallback published it.
                    outcome = replace(outcome, result=publish(task, outcome.result))
                arrive(task)
                return outcome

        @functools.wraps(function)
        @brief_failures
        @telemetry.logger.inject_lambda_context(clear_state=True)
        @telemetry.metrics.log_metrics
        def handle(event: object, lambda_context: LambdaContext) -> JsonValue:
            started = time.perf_counter()
            telemetry.begin()
            try:
                with newer_formats_are_retried():
                    outcome = run(event, lambda_context)
            except (IdempotencyAlreadyInProgressError, OverlappingAttemptError):
                telemetry.overlapped(time.perf_counter() - started)
                raise
            except Exception as error:
                telemetry.failed(time.perf_counter() - started, error)
                record_failure(event, error)
                raise
            telemetry.succeeded(time.perf_counter() - started, replayed=outcome.replayed)
            return outcome.result

        if in_lambda():  # while the environment starts, when it has a full CPU whatever its memory
            prepare_tracing()
            records()
        return handle

    return decorate
