"""Each invocation's steps belong to that invocation's segment.

The X-Ray SDK holds on to the segment of the first invocation for as long as the trace is the same. A trace comprises an
execution, and one execution environment may run many of its tasks: all their steps would be shown below the first.
Besides, the SDK reads the header of the trace eighteen times in an invocation, and here once.
"""

from __future__ import annotations

import os
from typing import Any

from aws_xray_sdk import global_sdk_config
from aws_xray_sdk.core.lambda_launcher import LAMBDA_TRACE_HEADER_KEY, LambdaContext
from aws_xray_sdk.core.models.trace_header import TraceHeader


class InvocationTraces(LambdaContext):  # type: ignore[misc]
    """Where the recorder keeps the steps that are under way, in each thread apart.

    Example
    -------
    >>> from aws_xray_sdk.core import xray_recorder
    >>> xray_recorder.configure(context=InvocationTraces())
    """

    def set_trace_entity(self, trace_entity: Any) -> None:
        """Go on in this thread with a step of another one, of the same invocation."""
        super().set_trace_entity(trace_entity)
        self._local.header = os.environ.get(LAMBDA_TRACE_HEADER_KEY)

    def _refresh_context(self) -> None:
        """Begin anew where the invocation is not the one that this thread has seen last; the SDK calls it always."""
        header = os.environ.get(LAMBDA_TRACE_HEADER_KEY)
        if getattr(self._local, "segment", None) is not None and self._local.header == header:
            return
        parsed = TraceHeader.from_header_str(header)
        if not global_sdk_config.sdk_enabled():
            parsed._sampled = False  # noqa: SLF001 - as the SDK does
        self._initialize_context(parsed)
        self._local.header = header
