"""Executions write their events into the log group that the state machine names.

Upstream defects: no execution has a log, and the code that would write one mistakes texts for times and events for
messages.
"""

from __future__ import annotations

import contextlib
import logging
import time
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from moto.logs.exceptions import ResourceAlreadyExistsException
from moto.logs.models import logs_backends
from moto.stepfunctions.parser.asl.eval.event.logging import CloudWatchLoggingConfiguration, is_logging_enabled_for
from moto.stepfunctions.parser.asl.utils.encoding import to_json_str

from stepweave.local_cloud.adapters.step_functions import engine_time
from stepweave.local_cloud.batches import Batches

_LOG = logging.getLogger(__name__)
_EXECUTION_DATA: Final = ("input", "inputDetails", "output", "outputDetails", "parameters")


@dataclass(frozen=True)
class _Entry:
    log: ExecutionLog
    event: dict[str, Any]
    milliseconds: int


def _deliver(entries: list[_Entry]) -> None:
    logs: dict[ExecutionLog, list[_Entry]] = {}
    for entry in entries:
        logs.setdefault(entry.log, []).append(entry)
    for log, its_entries in logs.items():
        try:
            log.write([(entry.event, entry.milliseconds) for entry in its_entries])
        except Exception:  # noqa: BLE001 - a log group that is missing must not fail an execution
            _LOG.debug("log events of %s were not written", log.execution_arn, exc_info=True)


# No execution waits for its log. A batch is written off the way of what runs just then.
_BATCHES: Final = Batches(_deliver, "execution logs")


def settle_execution_logs() -> None:
    """Return when all logs are written and no thread is left that writes some."""
    _BATCHES.settle()


class ExecutionLog:
    """What the engine calls its logging session: the log of one execution.

    Parameters
    ----------
    execution_arn
        Whose log it is.
    configuration
        Where and what to write.
    machine_name
        The state machine's name, for the name of the stream.
    """

    def __init__(self, execution_arn: str, configuration: CloudWatchLoggingConfiguration, machine_name: str) -> None:
        self.execution_arn = execution_arn
        self.configuration = configuration
        self._has_data = configuration.include_execution_data
        # What is not to be logged is left out here: the engine would copy each event for that.
        configuration.include_execution_data = True
        self.redrive_count = 0
        minute = engine_time.now().strftime("%Y-%m-%d-%H-%M")
        self._stream = f"states/{machine_name}/{minute}/{uuid.uuid4().hex[:8]}"
        self._has_stream = False

    def log_level_filter(self, history_event_type: Any) -> bool:
        """Tell whether an event is logged; the engine asks before it makes a log entry."""
        return bool(is_logging_enabled_for(self.configuration.log_level, history_event_type))

    def publish_history_log(self, history_log: dict[str, Any]) -> None:
        """Log an event as Step Functions vends it."""
        _BATCHES.put(_Entry(self, history_log, int(engine_time.now().timestamp() * 1000)))

    def write(self, events: Iterable[tuple[dict[str, Any], int]]) -> None:
        """Put events, each with its time in ms since the epoch, into the log group."""
        backend = logs_backends[self.configuration.log_account_id][self.configuration.log_region]
        group = self.configuration.log_group_name
        if not self._has_stream:
            with contextlib.suppress(ResourceAlreadyExistsException):
                backend.create_log_stream(group, self._stream)
            self._has_stream = True
        written = []
        for event, milliseconds in events:
            text = to_json_str(self._message(event, milliseconds), separators=(",", ":"))
            written.append({"timestamp": milliseconds, "message": text})
            time.sleep(0)  # lets a task that waits for the interpreter go first
        written.sort(key=lambda event: event["timestamp"])
        backend.put_log_events(group, self._stream, written)

    def _message(self, event: dict[str, Any], milliseconds: int) -> dict[str, Any]:
        details = event.get("details") or {}
        if not self._has_data:
            details = {key: value for key, value in details.items() if key not in _EXECUTION_DATA}
        return {
            "id": event["id"],
            "type": getattr(event["type"], "value", event["type"]),
            "details": details,
            "redrive_count": str(self.redrive_count),
            "previous_event_id": event["previous_event_id"],
            "event_timestamp": str(milliseconds),
            "execution_arn": self.execution_arn,
        }


def logs_of(machine: Any, execution_arn: str) -> ExecutionLog | None:
    """Return the log of a new execution, or None if its state machine has none."""
    configuration = machine.loggingConfiguration or {}
    if configuration.get("level", "OFF") == "OFF":
        return None
    complete = {"includeExecutionData": False, **configuration}
    parsed = CloudWatchLoggingConfiguration.from_logging_configuration(machine.arn, complete)
    return ExecutionLog(execution_arn, parsed, machine.name) if parsed is not None else None
