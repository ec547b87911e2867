"""The X-Ray daemon: takes segments by UDP, as X-Ray's SDKs send them."""

from __future__ import annotations

import logging
import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Final

_HEADER_END: Final = b"\n"
_LARGEST_DATAGRAM: Final = 256 * 1024
_RECEIVE_BUFFER: Final = 4 * 1024 * 1024
_GATHERING_SECONDS: Final = 0.025  # the kernel may grant less of a buffer than was asked for

_LOG = logging.getLogger(__name__)


class XRayDaemon:
    """Listens on a port of its own on 127.0.0.1 from its making to `close`.

    Each datagram is a line that says that JSON follows, and a segment document.

    Parameters
    ----------
    put
        Takes a document.
    """

    def __init__(self, put: Callable[[bytes], None]) -> None:
        self._put = put
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        # Many functions may send at once, and what does not fit is lost.
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _RECEIVE_BUFFER)
        self._socket.bind(("127.0.0.1", 0))
        self._is_open = True
        self._thread = threading.Thread(target=self._run, name="xray-daemon", daemon=True)
        self._thread.start()

    @property
    def address(self) -> str:
        """``host:port``, the value of ``AWS_XRAY_DAEMON_ADDRESS``."""
        host, port = self._socket.getsockname()
        return f"{host}:{port}"

    def close(self) -> None:
        """Take no more segments."""
        self._is_open = False
        try:
            self._socket.sendto(b"", self._socket.getsockname())  # wakes the thread
            self._thread.join()
        finally:
            self._socket.close()

    def _run(self) -> None:
        while self._is_open:
            try:
                datagram = self._socket.recv(_LARGEST_DATAGRAM)
            except OSError:
                return
            self._take(datagram)
            # Each turn of this thread is one that what runs for a workflow waits for: few turns, each for many.
            time.sleep(_GATHERING_SECONDS)
            with suppress(BlockingIOError):
                while self._is_open:
                    self._take(self._socket.recv(_LARGEST_DATAGRAM, socket.MSG_DONTWAIT))

    def _take(self, datagram: bytes) -> None:
        header, _, document = datagram.partition(_HEADER_END)
        if document and header.lstrip().startswith(b"{"):
            self._put(document)
        elif datagram:
            _LOG.debug("a datagram without a header was dropped")
