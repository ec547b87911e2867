"""The segments that Step Functions records of an execution: one for the state machine, one in it for each task."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Final

from stepweave.local_cloud.xray.segment import Segment
from stepweave.local_cloud.xray.trace_header import TraceHeader, new_segment_id, new_trace_id

_SERVICES: Final = {"dynamodb": "DynamoDB", "lambda": "Lambda", "s3": "S3", "sns": "SNS", "sqs": "SQS", "sfn": "States"}
_current: ContextVar[TraceHeader | None] = ContextVar("trace_header", default=None)


def current_trace_header() -> TraceHeader | None:
    """The header that the task of this thread sends to whom it calls; None if there is no task, or no trace."""
    return _current.get()


@dataclass(frozen=True)
class TracedExecution:
    """What a trace tells of an execution."""

    execution_arn: str
    state_machine_arn: str
    state_machine_name: str
    account: str


class ExecutionTrace:
    """The part of a trace that an execution makes.

    Parameters
    ----------
    execution : TracedExecution
    incoming : TraceHeader or None
        The caller's; a new trace if None.
    is_recorded : bool
        Whether the execution records segments, rather than only hand the trace on.
    record : callable
        Takes segments.
    now : callable
        Returns the time, in seconds since the epoch.
    """

    def __init__(
        self,
        execution: TracedExecution,
        incoming: TraceHeader | None,
        *,
        is_recorded: bool,
        record: Callable[[Segment], None],
        now: Callable[[], float],
    ) -> None:
        self._execution = execution
        self._incoming = incoming or TraceHeader(new_trace_id(), None, True)
        self._is_recorded = is_recorded and self._incoming.is_sampled is not False
        self._record = record
        self._now = now
        self._id = new_segment_id()
        self._start = now()

    def begin(self) -> None:
        """Record that the execution was started or redriven."""
        self._id, self._start = new_segment_id(), self._now()
        if self._is_recorded:
            self._record({**self._segment(), "in_progress": True})

    def end(self, error: str | None, cause: str | None) -> None:
        """Record that the execution ended; `error` is None if it succeeded."""
        if self._is_recorded:
            self._record({**self._segment(), "end_time": self._now(), **_outcome(error, cause)})

    @contextmanager
    def task(self, state: str, resource: str) -> Iterator[None]:
        """Record one attempt at a task, and hand the trace to whom it calls."""
        if not self._is_recorded:
            token = _current.set(self._incoming)
            try:
                yield
            finally:
                _current.reset(token)
            return
        call_id, start = new_segment_id(), self._now()
        token = _current.set(TraceHeader(self._incoming.root, call_id, True))
        failure: tuple[str, str] | None = None
        try:
            yield
        except Exception as error:
            failure = type(error).__name__, str(error)
            raise
        finally:
            _current.reset(token)
            outcome = {"start_time": start, "end_time": self._now(), **_outcome(*(failure or (None, None)))}
            about = {"namespace": "aws", "aws": {"resource_names": [resource]}}
            call = {"id": call_id, "name": _service(resource), **about}
            self._record(
                {
                    "id": new_segment_id(),
                    "type": "subsegment",
                    "trace_id": self._incoming.root,
                    "parent_id": self._id,
                    "name": state,
                    **outcome,
                    "subsegments": [{**call, **outcome}],
                }
            )

    def _segment(self) -> Segment:
        segment: Segment = {
            "id": self._id,
            "trace_id": self._incoming.root,
            "name": self._execution.state_machine_name,
            "start_time": self._start,
            "origin": "AWS::StepFunctions::StateMachine",
            "resource_arn": self._execution.state_machine_arn,
            "aws": {"account_id": self._execution.account, "execution_arn": self._execution.execution_arn},
        }
        if self._incoming.parent is not None:
            segment["parent_id"] = self._incoming.parent
        return segment


def _outcome(error: str | None, cause: str | None) -> Segment:
    if error is None:
        return {}
    return {"fault": True, "cause": {"exceptions": [{"id": new_segment_id(), "type": error, "message": cause or ""}]}}


def _service(resource: str) -> str:
    """What a task calls: ``Lambda`` of a function's ARN or of ``arn:aws:states:::lambda:invoke``."""
    parts = resource.split(":")
    name = parts[2] if len(parts) > 2 else resource
    if name == "states" and len(parts) > 6:
        name = parts[6] if parts[5] == "aws-sdk" else parts[5]
    return _SERVICES.get(name.lower(), name.capitalize())
