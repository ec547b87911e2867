"""The server's end of one keep-alive HTTP/1.1 connection, as much of it as a runtime client needs."""

import socket
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus

from stepweave.local_cloud.http_errors import MalformedRequestError
from stepweave.local_cloud.request_guard import check_request

READ_BYTES = 256 * 1024
HEAD_BYTES = 2 * 1024 * 1024  # A fault's stack trace travels in a header of up to 1 MiB.
TIMEOUT_SECONDS = 30
_SYSTEM_TIMEOUT = struct.pack("@ll", TIMEOUT_SECONDS, 0)  # seconds and microseconds
HEAD_END = b"\r\n\r\n"


@dataclass(frozen=True)
class HttpRequest:
    """A request that arrived in full.

    Attributes
    ----------
    method, path : str
        As on the request line.
    headers : mapping
        By lower-case name.
    body : bytes
        Empty if the body was longer than the connection keeps.
    body_bytes : int
        The length that the body had on the wire.
    """

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes
    body_bytes: int


@dataclass(frozen=True)
class _Head:
    method: str
    path: str
    headers: Mapping[str, str]
    body_bytes: int


class HttpConnection:
    """Reads requests from a socket and answers them.

    A request's body is only kept up to `body_limit` bytes: a longer one is read to its end and dropped.

    Attributes
    ----------
    was_reset : bool
        Whether the peer went without having read all that was sent to it: its system then resets the connection, where
        it would else close it.
    """

    def __init__(self, sock: socket.socket, body_limit: int) -> None:
        # Without it, Nagle's algorithm and the peer's delayed acknowledgement add 40 ms to every small answer.
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        # The system keeps the time: for a socket's own timeout, Python asks it before each call whether it would wait.
        sock.setblocking(True)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, _SYSTEM_TIMEOUT)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, _SYSTEM_TIMEOUT)
        self.socket = sock
        self.was_reset = False
        self._body_limit = body_limit
        self._buffer = bytearray()
        self._head: _Head | None = None
        self._dropped = 0

    def fill(self) -> bool:
        """Read what has arrived; False if the peer has closed the connection."""
        try:
            data = self.socket.recv(READ_BYTES)
        except ConnectionError:
            self.was_reset = True
            return False
        except BlockingIOError:  # the time is over
            return False
        if not data:
            # What was sent when the peer had closed already is answered by a reset behind the end of its data.
            self.was_reset = self.socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) != 0
        if self._head is not None and self._head.body_bytes > self._body_limit:
            self._dropped += len(data)
        else:
            self._buffer += data
        return bool(data)

    def take_request(self) -> HttpRequest | None:
        """The next request, or None as long as it has not arrived in full. Raises `RefusedRequestError`."""
        if self._head is None:
            self._head = self._take_head()
        head = self._head
        if head is None or len(self._buffer) + self._dropped < head.body_bytes:
            return None
        self._head = None
        self._dropped = 0
        body = b"" if head.body_bytes > self._body_limit else bytes(self._buffer[: head.body_bytes])
        del self._buffer[: head.body_bytes]
        return HttpRequest(head.method, head.path, head.headers, body, head.body_bytes)

    def _take_head(self) -> _Head | None:
        end = self._buffer.find(HEAD_END)
        if end < 0:
            if len(self._buffer) > HEAD_BYTES:
                raise MalformedRequestError("the request's head does not end")
            return None
        lines = bytes(self._buffer[:end]).decode("latin-1").split("\r\n")
        del self._buffer[: end + len(HEAD_END)]
        try:
            method, path, _version = lines[0].split(" ")
            fields = [(name.strip(), value.strip()) for name, value in (line.split(":", 1) for line in lines[1:])]
            check_request(fields)
            headers = {name.lower(): value for name, value in fields}
            length = _body_bytes(headers.get("content-length", "0"))
        except ValueError as error:
            raise MalformedRequestError(f"not an HTTP request: {lines[0][:80]!r}") from error
        if "transfer-encoding" in headers:
            raise MalformedRequestError("the request's body must be framed by Content-Length")
        if headers.get("expect", "").lower() == "100-continue":
            self.socket.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
        if length > self._body_limit:
            self._dropped = len(self._buffer)
            self._buffer.clear()
        return _Head(method, path, headers, length)

    def answer(self, status: HTTPStatus, body: bytes, headers: Mapping[str, str] | None = None) -> None:
        """Send one JSON response. Raises `OSError` if the peer is gone."""
        lines = [f"HTTP/1.1 {status.value} {status.phrase}", "Content-Type: application/json"]
        lines.append(f"Content-Length: {len(body)}")
        lines.extend(f"{name}: {value}" for name, value in (headers or {}).items())
        self.socket.sendall("\r\n".join(lines).encode("latin-1") + HEAD_END + body)

    def close(self) -> None:
        """Close the socket."""
        self.socket.close()


def _body_bytes(length: str) -> int:
    if not (length.isascii() and length.isdigit()):
        raise ValueError(f"not a length: {length[:20]!r}")
    return int(length)
