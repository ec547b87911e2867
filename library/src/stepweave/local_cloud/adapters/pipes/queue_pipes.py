"""Pipes carry the messages of queues.

Upstream defects: a pipe is kept and carries nothing; a second one takes the place of the first of its name; and none
stays stopped. Here pipes that read queues are at work; those that read something else, or write where the local cloud
cannot, are refused.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Any, Final

from moto.pipes.exceptions import ConflictException, ValidationException
from moto.pipes.models import EventBridgePipesBackend
from moto.pipes.models import Pipe as UpstreamPipe

from stepweave.local_cloud.adapters.patch import replaced
from stepweave.local_cloud.adapters.refused_operations import UnsupportedError
from stepweave.local_cloud.adapters.sqs.mapped_queue import MappedQueue
from stepweave.local_cloud.adapters.sqs.messages import QueueListeners
from stepweave.local_cloud.adapters.step_functions import engine_time
from stepweave.local_cloud.event_sources.mapping import QueueMapping
from stepweave.local_cloud.event_sources.queue_poller import QueuePoller
from stepweave.local_cloud.events.delivery import Clients
from stepweave.local_cloud.identifiers import new_uuid
from stepweave.local_cloud.lambda_runtime.invocation import InvocationResult
from stepweave.local_cloud.pipes.pipe import Pipe
from stepweave.local_cloud.pipes.transfer import ENRICHMENTS, TARGETS, Transfer, TransferError

_LOG = logging.getLogger(__name__)
_STOPPED: Final = "STOPPED"


class Pipes:
    """The pipes at work, by ARN.

    Parameters
    ----------
    listeners
        Tell of messages.
    clients
        What the services are called with.
    """

    def __init__(self, listeners: QueueListeners, clients: Clients) -> None:
        self._listeners = listeners
        self._transfer = Transfer(clients, engine_time.now)
        self._pollers: dict[str, tuple[QueuePoller, str]] = {}
        self._stopped: list[QueuePoller] = []

    def start(self, pipe: UpstreamPipe) -> None:
        """Put a pipe to work."""

        def carry(_arn: str, payload: bytes) -> InvocationResult:
            failure = None
            try:
                self._transfer.carry(_settings(pipe), json.loads(payload)["Records"])
            except TransferError as error:
                _LOG.debug("the pipe %s could not carry a batch: %s", pipe.name, error)
                failure = "Unhandled"
            return InvocationResult(new_uuid(), b"null", failure, "", 0.0)

        poller = QueuePoller(MappedQueue(pipe.source), lambda: _mapping(pipe), carry)
        self._pollers[pipe.arn] = poller, pipe.source
        self._listeners.add(pipe.source, poller.wake)

    def wake(self, pipe: UpstreamPipe) -> None:
        """Look at the settings of a pipe anew."""
        self._pollers[pipe.arn][0].wake()

    def stop(self, arn: str) -> None:
        """Have a pipe carry nothing more."""
        poller, source = self._pollers.pop(arn)
        self._listeners.remove(source, poller.wake)
        poller.close()
        self._stopped.append(poller)

    def close(self) -> None:
        """Take no more messages."""
        for arn in list(self._pollers):
            self.stop(arn)

    def join(self) -> None:
        """Return when all batches that were taken are carried."""
        for poller in self._stopped:
            poller.join()


@contextmanager
def queue_pipes(listeners: QueueListeners, clients: Clients) -> Iterator[Pipes]:
    """Put pipes to work until the context ends.

    Parameters
    ----------
    listeners
        Tell of messages.
    clients
        What the services are called with.
    """
    backend = EventBridgePipesBackend
    pipes = Pipes(listeners, clients)
    upstream_create, upstream_update, upstream_delete = backend.create_pipe, backend.update_pipe, backend.delete_pipe

    def create_pipe(self: Any, name: str, **settings: Any) -> UpstreamPipe:
        _check(settings["source"], settings["target"], settings["enrichment"], settings["source_parameters"] or {})
        if name in self.pipes:
            raise ConflictException(f"Pipe {name} already exists.", name, "Pipe")
        pipe: UpstreamPipe = upstream_create(self, name=name, **settings)
        _settle(pipe)
        pipes.start(pipe)
        return pipe

    def update_pipe(self: Any, name: str, **settings: Any) -> UpstreamPipe:
        known = self.describe_pipe(name)
        _check(known.source, settings["target"] or known.target, settings["enrichment"], known.source_parameters or {})
        pipe: UpstreamPipe = upstream_update(self, name=name, **settings)
        _settle(pipe)
        pipes.wake(pipe)
        return pipe

    def delete_pipe(self: Any, name: str) -> UpstreamPipe:
        pipe: UpstreamPipe = upstream_delete(self, name)
        pipes.stop(pipe.arn)
        return pipe

    with ExitStack() as patches:
        patches.callback(pipes.join)
        patches.callback(pipes.close)
        for replacement in (create_pipe, update_pipe, delete_pipe):
            patches.enter_context(replaced(backend, replacement.__name__, replacement))
        for name in ("start_pipe", "stop_pipe"):
            patches.enter_context(replaced(backend, name, _woken(getattr(backend, name), pipes)))
        yield pipes


def _woken(upstream: Any, pipes: Pipes) -> Any:
    def change(self: Any, name: str) -> UpstreamPipe:
        pipe: UpstreamPipe = upstream(self, name)
        _settle(pipe)
        pipes.wake(pipe)
        return pipe

    return change


def _settle(pipe: UpstreamPipe) -> None:
    """Have a pipe be what it is wanted to be; upstream starts those again that were stopped."""
    pipe._transitions = []  # noqa: SLF001 - upstream has no other way
    pipe.status = pipe.desired_state


def _settings(pipe: UpstreamPipe) -> Pipe:
    return Pipe(
        pipe.arn,
        pipe.name,
        pipe.source,
        pipe.target,
        pipe.enrichment or None,
        pipe.source_parameters or {},
        pipe.enrichment_parameters or {},
        pipe.target_parameters or {},
    )


def _mapping(pipe: UpstreamPipe) -> QueueMapping:
    settings = _settings(pipe)
    return QueueMapping(
        function_arn=pipe.arn,
        queue_arn=pipe.source,
        batch_size=int(settings.queue_parameters.get("BatchSize") or 10),
        batching_window_seconds=float(settings.queue_parameters.get("MaximumBatchingWindowInSeconds") or 0),
        patterns=settings.patterns,
        is_enabled=pipe.desired_state != _STOPPED,
    )


def _check(source: str, target: str, enrichment: str | None, parameters: Mapping[str, Any]) -> None:
    """Refuse a pipe that the local cloud cannot put to work."""
    if not source.startswith("arn:aws:sqs:"):
        raise UnsupportedError(f"a pipe that reads {source}; it can read a queue of SQS")
    if target.count(":") < 5 or target.split(":")[2] not in TARGETS or ":api-destination/" in target:
        raise UnsupportedError(f"a pipe that writes to {target}; it can write to {', '.join(TARGETS)}")
    if enrichment and (enrichment.split(":")[2] not in ENRICHMENTS):
        raise UnsupportedError(f"a pipe that is enriched by {enrichment}; it can be by {', '.join(ENRICHMENTS)}")
    for each in (parameters.get("FilterCriteria") or {}).get("Filters") or ():
        try:
            json.loads(each.get("Pattern") or "{}")
        except ValueError as error:
            raise ValidationException(f"Invalid filter pattern: {each['Pattern']}") from error
