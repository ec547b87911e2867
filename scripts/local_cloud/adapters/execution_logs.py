"""Executions write their events into the log group that the state machine names.

Upstream defects: no execution has a log, and the code that would write one mistakes texts for times and events for
messages.
"""

from __future__ import annotations

import contextlib
import json
import logging
import queue
import threading
import uuid
from typing import Any, Final

from moto.logs.exceptions import ResourceAlreadyExistsException
from moto.logs.models import logs_backends
from moto.stepfunctions.parser.asl.eval.event.logging import CloudWatchLoggingConfiguration, is_logging_enabled_for
from moto.stepfunctions.parser.asl.utils.encoding import to_json_str

from scripts.local_cloud.adapters import engine_time

_LOG = logging.getLogger(__name__)
_EXECUTION_DATA: Final = ("input", "inputDetails", "output", "outputDetails", "parameters")


class _Delivery:
    """Writes log events on a thread of its own, since no execution waits for its log; the thread ends when idle."""

    _IDLE_SECONDS: Final = 1.0

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: queue.SimpleQueue[tuple[ExecutionLog, dict[str, Any], int]] = queue.SimpleQueue()
        self._is_served = False

    def put(self, log: ExecutionLog, message: dict[str, Any], milliseconds: int) -> None:
        with self._lock:
            self._waiting.put((log, message, milliseconds))
            is_served, self._is_served = self._is_served, True
        if not is_served:
            threading.Thread(target=self._serve, name="execution logs", daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                log, message, milliseconds = self._waiting.get(timeout=self._IDLE_SECONDS)
            except queue.Empty:
                with self._lock:
                    if self._waiting.empty():
                        self._is_served = False
                        return
                continue
            try:
                log.write(message, milliseconds)
            except Exception:  # noqa: BLE001 - a log group that is missing must not fail an execution
                _LOG.debug("a log event of %s was not written", log.execution_arn, exc_info=True)


_DELIVERY: Final = _Delivery()


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
        self.redrive_count = 0
        minute = engine_time.now().strftime("%Y-%m-%d-%H-%M")
        self._stream = f"states/{machine_name}/{minute}/{uuid.uuid4().hex[:8]}"
        self._has_stream = False

    def log_level_filter(self, history_event_type: Any) -> bool:
        """Tell whether an event is logged; the engine asks before it makes a log entry."""
        return bool(is_logging_enabled_for(self.configuration.log_level, history_event_type))

    def publish_history_log(self, history_log: dict[str, Any]) -> None:
        """Log an event as Step Functions vends it."""
        milliseconds = int(engine_time.now().timestamp() * 1000)
        details = history_log.get("details") or {}
        if not self.configuration.include_execution_data:
            details = {key: value for key, value in details.items() if key not in _EXECUTION_DATA}
        message = {
            "id": history_log["id"],
            "type": getattr(history_log["type"], "value", history_log["type"]),
            "details": details,
            "redrive_count": str(self.redrive_count),
            "previous_event_id": history_log["previous_event_id"],
            "event_timestamp": str(milliseconds),
            "execution_arn": self.execution_arn,
        }
        _DELIVERY.put(self, message, milliseconds)

    def write(self, message: dict[str, Any], milliseconds: int) -> None:
        """Put a message into the log group."""
        backend = logs_backends[self.configuration.log_account_id][self.configuration.log_region]
        group = self.configuration.log_group_name
        if not self._has_stream:
            with contextlib.suppress(ResourceAlreadyExistsException):
                backend.create_log_stream(group, self._stream)
            self._has_stream = True
        text = json.dumps(json.loads(to_json_str(message)), separators=(",", ":"))
        backend.put_log_events(group, self._stream, [{"timestamp": milliseconds, "message": text}])


def logs_of(machine: Any, execution_arn: str) -> ExecutionLog | None:
    """Return the log of a new execution, or None if its state machine has none."""
    configuration = machine.loggingConfiguration or {}
    if configuration.get("level", "OFF") == "OFF":
        return None
    complete = {"includeExecutionData": False, **configuration}
    parsed = CloudWatchLoggingConfiguration.from_logging_configuration(machine.arn, complete)
    return ExecutionLog(execution_arn, parsed, machine.name) if parsed is not None else None
