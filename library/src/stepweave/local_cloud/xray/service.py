"""X-Ray on this machine: the daemon that functions send to, and what was recorded."""

from __future__ import annotations

from types import TracebackType
from typing import Self

from stepweave.local_cloud.xray.daemon import XRayDaemon
from stepweave.local_cloud.xray.segment import Segment
from stepweave.local_cloud.xray.trace_store import TraceStore


class XRayService:
    """Records traces from its making to the end of its context.

    Attributes
    ----------
    store : TraceStore
        What was recorded.
    """

    def __init__(self) -> None:
        self.store = TraceStore()
        self._daemon = XRayDaemon(self.store.put_unread)

    @property
    def daemon_address(self) -> str:
        """``host:port`` that takes segments by UDP."""
        return self._daemon.address

    def record(self, segment: Segment) -> None:
        """Record a segment of a service of the local cloud itself."""
        self.store.put(segment)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._daemon.close()
        self.store.clear()
