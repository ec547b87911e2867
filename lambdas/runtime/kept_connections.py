"""HTTP connections that are kept between calls, by any number of threads."""

from __future__ import annotations

import http.client
import os
import select
import socket
import ssl
from collections import deque
from functools import cache
from typing import Final

from botocore.httpsession import get_cert_path

_KEPT: Final = 8


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
        self._idle: deque[tuple[str, str, http.client.HTTPConnection]] = deque(maxlen=_KEPT)

    def post(
        self, scheme: str, host: str, body: bytes, headers: dict[str, str]
    ) -> tuple[http.client.HTTPResponse, bytes]:
        """POST to ``/`` and read the whole answer.

        Raises
        ------
        OSError, http.client.HTTPException
            If there is no connection, no answer in time, or none that is HTTP.
        """
        connection = self._take(scheme, host) or self._connect(scheme, host)
        try:
            # In one piece: `request` sends head and body apart, and each wakes the server.
            connection.sock.sendall(_head(host, headers, len(body)) + body)
            response = http.client.HTTPResponse(connection.sock, method="POST")
            response.begin()
            content = response.read()
        except BaseException:
            connection.close()
            raise
        if not response.will_close:
            self._idle.append((scheme, host, connection))
        return response, content

    def _take(self, scheme: str, host: str) -> http.client.HTTPConnection | None:
        while True:
            try:
                known_scheme, known_host, connection = self._idle.pop()
            except IndexError:
                return None
            if (known_scheme, known_host) == (scheme, host) and _is_open(connection):
                return connection
            connection.close()

    def _connect(self, scheme: str, host: str) -> http.client.HTTPConnection:
        if scheme == "https":
            connection: http.client.HTTPConnection = http.client.HTTPSConnection(
                host, timeout=self._connect_seconds, context=_trust()
            )
        else:
            connection = http.client.HTTPConnection(host, timeout=self._connect_seconds)
        connection.connect()
        connection.sock.settimeout(self._read_seconds)
        connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return connection


def _head(host: str, headers: dict[str, str], length: int) -> bytes:
    lines = ["POST / HTTP/1.1", f"Host: {host}", "Accept-Encoding: identity", f"Content-Length: {length}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode("latin-1")


def _is_open(connection: http.client.HTTPConnection) -> bool:
    """Tell whether the server has left a connection open: what can be read now is its end."""
    poll = select.poll()
    poll.register(connection.sock, select.POLLIN)
    return not poll.poll(0)


@cache
def _trust() -> ssl.SSLContext:
    """Return what botocore trusts: a bundle that the environment names, or its own."""
    bundle = os.environ.get("AWS_CA_BUNDLE") or os.environ.get("REQUESTS_CA_BUNDLE")
    return ssl.create_default_context(cafile=bundle or get_cert_path(True))
