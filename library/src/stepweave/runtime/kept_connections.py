"""HTTP connections that are kept between calls, by any number of threads.

They only make things faster, see `stepweave.runtime.direct_calls`: a call costs half of the CPU that it costs with
urllib3, and head and body arrive together.
"""

from __future__ import annotations

import os
import select
import socket
import ssl
from collections import deque
from dataclasses import dataclass
from functools import cache
from typing import Final
from urllib.parse import urlsplit

from botocore.httpsession import get_cert_path

_KEPT: Final = 8
_READ_BYTES: Final = 64 * 1024
_HEAD_BYTES: Final = 64 * 1024
_PORTS: Final = {"http": 80, "https": 443}


class UnreadableAnswerError(OSError):
    """What came back is not HTTP as it is understood here."""


@dataclass(frozen=True)
class Answer:
    """An answer, whole.

    Attributes
    ----------
    status : int
    headers : dict[str, str]
        By their names in lower case.
    content : bytes
    """

    status: int
    headers: dict[str, str]
    content: bytes


class KeptConnections:
    """Sends requests over connections that are used again.

    Parameters
    ----------
    connect_seconds, read_seconds : float
        How long to wait for a connection, and for each part of an answer.
    """

    def __init__(self, connect_seconds: float, read_seconds: float) -> None:
        self._connect_seconds = connect_seconds
        self._read_seconds = read_seconds
        self._idle: deque[tuple[str, str, socket.socket]] = deque(maxlen=_KEPT)

    def post(self, scheme: str, host: str, headers: dict[str, str], body: bytes) -> Answer:
        """POST to ``/`` and read the answer.

        Parameters
        ----------
        scheme, host : str
            As in the URL; the host with its port, if it is not the scheme's own.
        headers : dict[str, str]
            All but those that say where the body ends.
        body : bytes
            What is sent.

        Raises
        ------
        OSError
            If there is no connection, no answer in time, or none that can be read.
        """
        connection = self._take(scheme, host) or self._connect(scheme, host)
        try:
            # In one piece: if head and body come apart, each wakes the server.
            connection.sendall(_head(headers, len(body)) + body)
            answer = _Reader(connection).answer()
        except BaseException:
            connection.close()
            raise
        if answer.headers.get("connection", "").lower() != "close":
            self._idle.append((scheme, host, connection))
        else:
            connection.close()
        return answer

    def _take(self, scheme: str, host: str) -> socket.socket | None:
        while True:
            try:
                known_scheme, known_host, connection = self._idle.pop()
            except IndexError:
                return None
            if (known_scheme, known_host) == (scheme, host) and _is_open(connection):
                return connection
            connection.close()

    def _connect(self, scheme: str, host: str) -> socket.socket:
        url = urlsplit(f"//{host}")
        name, port = url.hostname or host, url.port or _PORTS[scheme]
        connection = socket.create_connection((name, port), self._connect_seconds)
        try:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if scheme == "https":
                connection = _trust().wrap_socket(connection, server_hostname=name)
            connection.settimeout(self._read_seconds)
        except BaseException:
            connection.close()
            raise
        return connection


class _Reader:
    """Reads an answer from a connection."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._received = bytearray()

    def answer(self) -> Answer:
        status, *lines = self._until(b"\r\n\r\n").decode("latin-1").split("\r\n")
        version, _, code = status.partition(" ")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        if version != "HTTP/1.1" or not code[:3].isdecimal():
            raise UnreadableAnswerError(f"not an answer: {status[:80]!r}")
        if headers.get("transfer-encoding", "").lower() == "chunked":
            content = self._chunks()
        elif (length := headers.get("content-length", "")).isdecimal():
            content = self._take(int(length))
        else:
            raise UnreadableAnswerError("the answer does not say how long it is")
        return Answer(int(code[:3]), headers, content)

    def _chunks(self) -> bytes:
        content = bytearray()
        while size := _chunk_size(self._until(b"\r\n")):
            content += self._take(size)
            self._until(b"\r\n")
        while self._until(b"\r\n"):  # trailers
            pass
        return bytes(content)

    def _until(self, end: bytes) -> bytes:
        while (place := self._received.find(end)) < 0:
            if len(self._received) > _HEAD_BYTES:
                raise UnreadableAnswerError("a line of the answer does not end")
            self._receive()
        found = bytes(self._received[:place])
        del self._received[: place + len(end)]
        return found

    def _take(self, length: int) -> bytes:
        while len(self._received) < length:
            self._receive()
        taken = bytes(self._received[:length])
        del self._received[:length]
        return taken

    def _receive(self) -> None:
        data = self._connection.recv(_READ_BYTES)
        if not data:
            raise ConnectionResetError("the server left in the middle of an answer")
        self._received += data


def _chunk_size(line: bytes) -> int:
    try:
        return int(line.partition(b";")[0], 16)
    except ValueError as error:
        raise UnreadableAnswerError(f"not the size of a chunk: {line[:20]!r}") from error


def _head(headers: dict[str, str], length: int) -> bytes:
    lines = ["POST / HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items()), f"content-length: {length}"]
    return "\r\n".join([*lines, "", ""]).encode("latin-1")


def _is_open(connection: socket.socket) -> bool:
    """Tell whether the server has left a connection open: what can be read now is its end."""
    poll = select.poll()
    poll.register(connection, select.POLLIN)
    return not poll.poll(0)


@cache
def _trust() -> ssl.SSLContext:
    """Return what botocore trusts: a bundle that the environment names, or its own."""
    bundle = os.environ.get("AWS_CA_BUNDLE") or os.environ.get("REQUESTS_CA_BUNDLE")
    return ssl.create_default_context(cafile=bundle or get_cert_path(True))
