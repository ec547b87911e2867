"""The guard that an agent's contract asks for: the breaker by its name, shared by what runs in this environment."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from functools import lru_cache
from typing import TYPE_CHECKING

from stepweave.contract.breaker import Breaker, probe_owner
from stepweave.runtime.breaker import LONGEST_CALL_SECONDS, CircuitBreaker
from stepweave.runtime.breaker_errors import counts_all_but
from stepweave.runtime.breaker_protocol import Admission
from stepweave.runtime.breaker_report import BreakerReport
from stepweave.runtime.breaker_store import DynamoDBBreakerStore
from stepweave.runtime.clients import dynamodb
from stepweave.runtime.context import TaskContext
from stepweave.runtime.settings import breakers_table
from stepweave.runtime.telemetry import Telemetry

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


def breaker_guard(
    breaker: Breaker | None, context: TaskContext, telemetry: Telemetry
) -> AbstractContextManager[Admission | None]:
    """Return the context in which a task is to be run.

    Parameters
    ----------
    breaker : Breaker | None
        What guards the agent; None if nothing does.
    context : TaskContext
        The task. A probe's lease lasts as long as its invocation can.
    telemetry : Telemetry
        Where the breaker is counted.

    Raises
    ------
    CircuitOpenError
        When the context is entered, if the breaker is open.
    ConfigurationError
        If the function was not told where breakers are.
    """
    if breaker is None:
        return nullcontext()
    circuit = _circuit(breaker, breakers_table(), dynamodb(), telemetry)
    owner = probe_owner(context.execution, context.task)
    return circuit.guard(owner, min(context.remaining_seconds(), LONGEST_CALL_SECONDS))


@lru_cache(maxsize=32)
def _circuit(breaker: Breaker, table: str, client: DynamoDBClient, telemetry: Telemetry) -> CircuitBreaker:
    return CircuitBreaker(
        breaker.name,
        DynamoDBBreakerStore(table, client),
        breaker.config,
        counts=counts_all_but(breaker.ignored_errors),
        fail_open=breaker.fail_open,
        observer=BreakerReport(telemetry),
    )
