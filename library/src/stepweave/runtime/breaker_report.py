"""What is told of circuit breakers: events on the bus, metrics and the log."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Final

from aws_lambda_powertools.metrics import MetricUnit
from botocore.exceptions import BotoCoreError, ClientError

from stepweave.contract.breaker_item import State
from stepweave.contract.breaker_transition import Transition
from stepweave.runtime.breaker_errors import CircuitOpenError
from stepweave.runtime.clients import events
from stepweave.runtime.settings import event_bus
from stepweave.runtime.telemetry import Telemetry

_METRICS: Final = {
    State.CLOSED: "BreakerClosed",
    State.OPEN: "BreakerOpened",
    State.HALF_OPEN: "BreakerHalfOpened",
}

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class BreakerReport:
    """Tells of an agent's breaker. An event that cannot be sent is logged, and is no reason to fail a task."""

    telemetry: Telemetry

    def changed(self, name: str, transition: Transition) -> None:
        """Send an event, count the transition, and log it."""
        _log.warning(
            "circuit breaker %s is %s: %s",
            name,
            transition.after,
            transition.cause.reason,
            extra=transition.detail(name),
        )
        self._count(_METRICS[transition.after])
        bus = event_bus()
        if bus is None:
            return
        try:
            answer = events().put_events(Entries=[transition.event(name, bus)])
        except (BotoCoreError, ClientError):
            _log.warning("an event of circuit breaker %s could not be sent", name, exc_info=True)
        else:
            if answer["FailedEntryCount"]:
                _log.warning("an event of circuit breaker %s was refused: %s", name, answer["Entries"])

    def rejected(self, error: CircuitOpenError) -> None:  # noqa: ARG002
        """Count a call that was refused; the failure of its task is logged in any case."""
        self._count("BreakerRejections")

    def unavailable(self, name: str, error: Exception) -> None:  # noqa: ARG002
        """Count that the table could not be used; the breaker has logged it."""
        self._count("BreakerUnavailable")

    def _count(self, metric: str) -> None:
        self.telemetry.metrics.add_metric(name=metric, unit=MetricUnit.Count, value=1)
