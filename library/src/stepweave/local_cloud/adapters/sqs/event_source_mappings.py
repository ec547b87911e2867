"""Functions get the messages of the queues that they are mapped to.

Upstream defects: the sender of a message waits for the function; batching windows, partial failures, concurrency,
filters and visibility timeouts are ignored; messages that were there before the mapping never arrive; a mapping that is
deleted still gets messages; and settings that AWS refuses are accepted.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from moto.awslambda.exceptions import InvalidParameterValueException, LambdaClientError
from moto.awslambda.models import EventSourceMapping, LambdaBackend, lambda_backends
from moto.core.exceptions import JsonRESTError
from moto.sqs.models import sqs_backends

from stepweave.local_cloud.adapters.patch import replaced
from stepweave.local_cloud.adapters.refused_operations import UnsupportedError
from stepweave.local_cloud.adapters.sqs.mapped_queue import MappedQueue, refused_action
from stepweave.local_cloud.adapters.sqs.messages import QueueListeners
from stepweave.local_cloud.event_sources.mapping import DEFAULT_CONCURRENCY, QueueMapping
from stepweave.local_cloud.event_sources.queue_poller import InvokeFunction, QueuePoller
from stepweave.local_cloud.events.pattern import EventPattern, InvalidPatternError
from stepweave.local_cloud.permissions.callers import RoleSession

LARGEST_BATCH_WITHOUT_WINDOW = 10
LARGEST_CONCURRENCY = 1000


class MappingExistsError(LambdaClientError):  # type: ignore[misc]
    """The queue is mapped to the function already."""

    code = 409

    def __init__(self, mapping: EventSourceMapping) -> None:
        message = (
            f'An event source mapping with SQS arn (" {mapping.event_source_arn} ") and function '
            f'(" {mapping.function_name} ") already exists. Please update or delete the existing mapping with '
            f"UUID {mapping.uuid}"
        )
        super().__init__("ResourceConflictException", message)


class _Pollers:
    """The mappings at work, by their UUID."""

    def __init__(self, listeners: QueueListeners, invoke: InvokeFunction) -> None:
        self._listeners = listeners
        self._invoke = invoke
        self._lock = threading.Lock()
        self._pollers: dict[str, tuple[QueuePoller, str]] = {}
        self._stopped: list[QueuePoller] = []

    def start(self, mapping: EventSourceMapping) -> None:
        queue_arn = mapping.event_source_arn
        source = MappedQueue(queue_arn, lambda: _session(mapping.function_arn))
        poller = QueuePoller(source, lambda: queue_mapping(mapping), self._invoke)
        with self._lock:
            self._pollers[mapping.uuid] = poller, queue_arn
        self._listeners.add(queue_arn, poller.wake)

    def wake(self, uuid: str) -> None:
        if found := self._pollers.get(uuid):
            found[0].wake()

    def stop(self, uuid: str) -> None:
        with self._lock:
            found = self._pollers.pop(uuid, None)
        if found is not None:
            poller, queue_arn = found
            self._listeners.remove(queue_arn, poller.wake)
            poller.close()
            self._stopped.append(poller)

    def stop_all(self) -> None:
        """Take no more messages."""
        for uuid in list(self._pollers):
            self.stop(uuid)

    def join(self) -> None:
        """Return when all batches that were taken are processed."""
        for poller in self._stopped:
            poller.join()
        self._stopped.clear()


@contextmanager
def queue_mappings(listeners: QueueListeners, invoke: InvokeFunction) -> Iterator[Callable[[], None]]:
    """Put mappings of queues to work until the context ends, and give what stops them before.

    Parameters
    ----------
    listeners
        Tell of messages.
    invoke
        Calls functions.
    """
    pollers = _Pollers(listeners, invoke)
    upstream_create = LambdaBackend.create_event_source_mapping
    upstream_update = LambdaBackend.update_event_source_mapping
    upstream_delete = LambdaBackend.delete_event_source_mapping

    def create(self: Any, spec: dict[str, Any]) -> EventSourceMapping:
        if ":sqs:" not in str(spec.get("EventSourceArn", "")):
            if ":dynamodb:" not in str(spec.get("EventSourceArn", "")):
                raise UnsupportedError(f"a function that reads {spec.get('EventSourceArn') or 'a broker of its own'}")
            return upstream_create(self, spec)
        _check_new(self, spec)
        mapping = _of_values(lambda: upstream_create(self, spec))
        queue = sqs_backends[self.account_id][self.region_name].queues[mapping.event_source_arn.split(":")[5]]
        queue.lambda_event_source_mappings.clear()  # by these upstream would call the function
        pollers.start(mapping)
        return mapping

    def update(self: Any, uuid: str, spec: dict[str, Any]) -> EventSourceMapping | None:
        known = self.get_event_source_mapping(uuid)
        if known is not None and ":sqs:" in known.event_source_arn:
            _check_settings({**_current(known), **spec})
        mapping: EventSourceMapping | None = _of_values(lambda: upstream_update(self, uuid, spec))
        pollers.wake(uuid)
        return mapping

    def delete(self: Any, uuid: str) -> EventSourceMapping | None:
        mapping: EventSourceMapping | None = upstream_delete(self, uuid)
        pollers.stop(uuid)
        return mapping

    try:
        with (
            replaced(LambdaBackend, "create_event_source_mapping", create),
            replaced(LambdaBackend, "update_event_source_mapping", update),
            replaced(LambdaBackend, "delete_event_source_mapping", delete),
        ):
            yield pollers.stop_all
    finally:
        pollers.stop_all()
        pollers.join()


def queue_mapping(mapping: EventSourceMapping) -> QueueMapping:
    """The settings of one of moto's mappings."""
    filters = (mapping.filter_criteria or {}).get("Filters") or []
    return QueueMapping(
        function_arn=str(mapping.function_arn),
        queue_arn=mapping.event_source_arn,
        batch_size=mapping.batch_size,
        batching_window_seconds=float(mapping.max_batch_window or 0),
        maximum_concurrency=int((mapping.scaling_config or {}).get("MaximumConcurrency") or DEFAULT_CONCURRENCY),
        reports_item_failures="ReportBatchItemFailures" in (mapping.function_response_types or []),
        patterns=tuple(entry["Pattern"] for entry in filters if entry.get("Pattern")),
        is_enabled=bool(mapping.enabled),
    )


def _check_new(backend: LambdaBackend, spec: dict[str, Any]) -> None:
    function = backend.get_function(spec.get("FunctionName", ""))
    queue_arn = spec["EventSourceArn"]
    if (action := refused_action(_session(function.function_arn), queue_arn)) is not None:
        message = f"The provided execution role does not have permissions to call {action} on SQS"
        raise InvalidParameterValueException(message)
    queue = sqs_backends[backend.account_id][backend.region_name].queues.get(queue_arn.split(":")[5])
    if queue is None:
        message = (
            "Error occurred while ReceiveMessage. SQS Error Code: AWS.SimpleQueueService.NonExistentQueue. "
            "SQS Error Message: The specified queue does not exist."
        )
        raise InvalidParameterValueException(message)
    if queue.visibility_timeout < int(function.timeout):
        message = (
            f"Queue visibility timeout: {queue.visibility_timeout} seconds is less than "
            f"Function timeout: {function.timeout} seconds"
        )
        raise InvalidParameterValueException(message)
    for mapping in lambda_backends[backend.account_id][backend.region_name].list_event_source_mappings(queue_arn, ""):
        if mapping.function_arn == function.function_arn:
            raise MappingExistsError(mapping)
    _check_settings(spec)


def _session(function_arn: str) -> RoleSession | None:
    """Return the session of a function's role; None if the function is gone."""
    region, account = function_arn.split(":")[3:5]
    try:
        function = lambda_backends[account][region].get_function(function_arn)
    except JsonRESTError:
        return None
    return RoleSession(function.role, function.function_name) if function.role else None


def _current(mapping: EventSourceMapping) -> dict[str, Any]:
    return {
        "BatchSize": mapping.batch_size,
        "MaximumBatchingWindowInSeconds": mapping.max_batch_window,
        "ScalingConfig": mapping.scaling_config,
    }


def _check_settings(settings: dict[str, Any]) -> None:
    size, window = settings.get("BatchSize") or 1, settings.get("MaximumBatchingWindowInSeconds") or 0
    if size > LARGEST_BATCH_WITHOUT_WINDOW and window < 1:
        message = "Maximum batch window in seconds must be greater than 0 if maximum batch size is greater than 10"
        raise InvalidParameterValueException(message)
    concurrency = (settings.get("ScalingConfig") or {}).get("MaximumConcurrency")
    if concurrency is not None and not 2 <= concurrency <= LARGEST_CONCURRENCY:
        message = f"MaximumConcurrency must be between 2 and {LARGEST_CONCURRENCY}, not {concurrency}"
        raise InvalidParameterValueException(message)
    for each in (settings.get("FilterCriteria") or {}).get("Filters") or ():
        try:
            EventPattern.parse(each.get("Pattern") or "{}")
        except InvalidPatternError as error:
            raise InvalidParameterValueException("Invalid filter pattern definition.") from error


def _of_values(call: Callable[[], Any]) -> Any:
    """Answer a `ValueError` of upstream's, which would be an internal error, as what it says it is."""
    try:
        return call()
    except ValueError as error:
        raise InvalidParameterValueException(str(error.args[-1])) from error
