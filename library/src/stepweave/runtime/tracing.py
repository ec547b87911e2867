"""Tracing behind one seam: what runs a task does not know that it is X-Ray, whose SDK ends in February 2027.

Lambda announces its X-Ray daemon to functions, and so does the local cloud. Where none is announced, spans do nothing
and the SDK is not loaded, which makes a cold start shorter.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from aws_lambda_powertools.tracing import Tracer


@contextmanager
def span(name: str, **annotations: str | bool) -> Iterator[None]:
    """Record what happens while the context lasts as one step of the trace.

    Parameters
    ----------
    name : str
        What the step is called in the trace.
    **annotations : str | bool
        What traces can be searched by.

    Example
    -------
    >>> with span("ruff", files="12"):
    ...     pass
    """
    tracer = _tracer()
    if tracer is None:
        yield
        return
    with tracer.provider.in_subsegment(name=name) as subsegment:
        for key, value in annotations.items():
            subsegment.put_annotation(key=key, value=value)
        yield


def prepare_tracing() -> None:
    """Load the tracer and patch the AWS SDK, so that its calls are part of the trace, before the first invocation."""
    _tracer()


@cache
def _tracer() -> Tracer | None:
    if not (os.environ.get("LAMBDA_TASK_ROOT") and os.environ.get("AWS_XRAY_DAEMON_ADDRESS")):
        return None
    from aws_lambda_powertools.tracing import Tracer  # noqa: PLC0415
    from aws_xray_sdk.core import xray_recorder  # noqa: PLC0415

    from stepweave.runtime.invocation_traces import InvocationTraces  # noqa: PLC0415

    tracer = Tracer(patch_modules=["botocore"])
    if tracer.disabled:
        return None
    xray_recorder.configure(context=InvocationTraces())
    return tracer
