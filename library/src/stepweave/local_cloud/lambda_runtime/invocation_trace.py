"""The segments that Lambda itself records of a call: that of the service, and that of the function."""

from __future__ import annotations

from dataclasses import dataclass, field

from stepweave.local_cloud.lambda_runtime.function_spec import FunctionSpec
from stepweave.local_cloud.xray.segment import Segment
from stepweave.local_cloud.xray.trace_header import TraceHeader, new_segment_id, new_trace_id


@dataclass(frozen=True)
class InvocationTrace:
    """The part of a trace that one call makes.

    Attributes
    ----------
    incoming : TraceHeader
        What the caller sent, or a new trace.
    service_id, function_id : str
        The ids of the two segments.
    """

    incoming: TraceHeader
    service_id: str = field(default_factory=new_segment_id)
    function_id: str = field(default_factory=new_segment_id)

    @classmethod
    def begin(cls, spec: FunctionSpec, header: str | None) -> InvocationTrace:
        """Begin a part of the caller's trace; of a new one, sampled if the function's tracing is active."""
        incoming = TraceHeader.parse(header)
        if incoming is None:
            return cls(TraceHeader(new_trace_id(), None, spec.active_tracing))
        if incoming.is_sampled is None:
            return cls(TraceHeader(incoming.root, incoming.parent, spec.active_tracing))
        return cls(incoming)

    @property
    def is_sampled(self) -> bool:
        """Whether it is recorded."""
        return bool(self.incoming.is_sampled)

    @property
    def header(self) -> str:
        """What the function gets: what it records belongs to the function's segment."""
        return str(self.incoming.under(self.function_id))

    def segments(  # noqa: PLR0913 - what is known of a call
        self,
        spec: FunctionSpec,
        request_id: str,
        *,
        start: float,
        end: float,
        duration_ms: float,
        init_ms: float | None,
        error_type: str,
    ) -> list[Segment]:
        """The segments of a call that has ended.

        Parameters
        ----------
        spec : FunctionSpec
        request_id : str
        start, end : float
            When Lambda took the call and when it answered, in seconds since the epoch.
        duration_ms : float
            How long the handler took.
        init_ms : float or None
            How long the worker took to start, if it was started for this call.
        error_type : str
            The name of the function's error; empty if it succeeded.
        """
        outcome: Segment = {"fault": True} if error_type else {}
        common: Segment = {"trace_id": self.incoming.root, "name": spec.name, "end_time": end, **outcome}
        service: Segment = {
            **common,
            "id": self.service_id,
            "start_time": start,
            "origin": "AWS::Lambda",
            "resource_arn": spec.arn,
            "http": {"response": {"status": 200}},
            "aws": {"request_id": request_id, "resource_names": [spec.name]},
        }
        if self.incoming.parent is not None:
            service["parent_id"] = self.incoming.parent
        began = max(start, end - duration_ms / 1000)
        parts = [_part("Invocation", began, end)]
        if init_ms is not None:
            parts.insert(0, _part("Initialization", max(start, began - init_ms / 1000), began))
        function: Segment = {
            **common,
            "id": self.function_id,
            "parent_id": self.service_id,
            "start_time": float(parts[0]["start_time"]),
            "origin": "AWS::Lambda::Function",
            "resource_arn": spec.qualified_arn,
            "aws": {"request_id": request_id, "function_arn": spec.arn, "account_id": spec.arn.split(":")[4]},
            "subsegments": parts,
        }
        if error_type:
            function["cause"] = {"exceptions": [{"id": new_segment_id(), "type": error_type}]}
        return [service, function]


def _part(name: str, start: float, end: float) -> Segment:
    return {"id": new_segment_id(), "name": name, "start_time": start, "end_time": end}
