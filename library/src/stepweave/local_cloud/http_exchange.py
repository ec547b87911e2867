"""The server's end of one persistent HTTP/1.1 connection that carries WSGI requests.

The standard library's servers parse each head with the parser for e-mail and read it line by line, which takes longer
than many a call of an AWS service that is answered in this process.
"""

from __future__ import annotations

import io
import re
import socket
import sys
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import unquote_to_bytes, urlsplit

from moto.core.request import PRESERVED_HEADER_NAMES_ENVIRON_KEY, should_preserve_original_header_name

_READ_BYTES: Final = 64 * 1024
_HEAD_BYTES: Final = 1024 * 1024
_HEAD_END: Final = b"\r\n\r\n"
_FRAMING: Final = frozenset({"content-length", "connection", "transfer-encoding"})
_BODILESS: Final = frozenset({HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED})
_LINE_BREAKS: Final = re.compile(r"[\r\n]+")


class MalformedRequestError(Exception):
    """What the client sent is not HTTP as this server speaks it."""


class HttpExchange:
    """Reads requests from a connection as WSGI environments, and answers them.

    Parameters
    ----------
    connection
        The accepted socket.
    peer
        The client's host and port.
    """

    def __init__(self, connection: socket.socket, peer: tuple[str, int]) -> None:
        # Without it, Nagle's algorithm and the peer's delayed acknowledgement add 40 ms to an answer in two pieces.
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._socket = connection
        self._received = bytearray()
        self._is_head = False
        self.is_persistent = True
        host, port = connection.getsockname()[:2]
        self._base: Final[dict[str, Any]] = {
            "SCRIPT_NAME": "",
            "SERVER_NAME": host,
            "SERVER_PORT": str(port),
            "SERVER_PROTOCOL": "HTTP/1.1",
            "REMOTE_ADDR": peer[0],
            "REMOTE_PORT": peer[1],
            "wsgi.version": (1, 0),
            "wsgi.url_scheme": "http",
            "wsgi.errors": sys.stderr,
            "wsgi.multithread": True,
            "wsgi.multiprocess": False,
            "wsgi.run_once": False,
        }

    def next_request(self) -> dict[str, Any] | None:
        """Wait for a request; return its WSGI environment with the whole body, or None if the client has left.

        Raises
        ------
        MalformedRequestError
            If it cannot be understood.
        """
        head = self._read_head()
        if head is None:
            return None
        request_line, *lines = head.split("\r\n")
        try:
            method, target, version = request_line.split(" ")
            headers = [(name.strip(), value.strip()) for name, value in (line.split(":", 1) for line in lines)]
        except ValueError as error:
            raise MalformedRequestError(f"not an HTTP request: {request_line[:80]!r}") from error
        environ = self._environ(method, target, headers)
        connection = environ.get("HTTP_CONNECTION", "").lower()
        self.is_persistent = connection == "keep-alive" if version == "HTTP/1.0" else connection != "close"
        self._is_head = method == "HEAD"
        body = self._read_body(environ)
        environ["wsgi.input"] = io.BytesIO(body)
        return environ

    def answer(self, status: str, headers: list[tuple[str, str]], content: bytes) -> None:
        """Send an answer in one piece, with its length, so that the connection can be used again."""
        lines = [f"HTTP/1.1 {status}"]
        length = str(len(content))
        for name, value in headers:
            folded = name.lower()
            if folded not in _FRAMING:
                lines.append(f"{name}: {_LINE_BREAKS.sub(' ', str(value))}")
            elif folded == "content-length" and self._is_head:
                length = value
        if int(status[:3]) not in _BODILESS:
            lines.append(f"Content-Length: {length}")
        if not self.is_persistent:
            lines.append("Connection: close")
        head = "\r\n".join(lines).encode("latin-1", "replace") + _HEAD_END
        self._socket.sendall(head if self._is_head else head + content)

    def refuse(self, error: MalformedRequestError) -> None:
        """Say what is wrong with a request, and that the connection ends."""
        self.is_persistent = False
        self.answer("400 Bad Request", [("Content-Type", "text/plain; charset=utf-8")], str(error).encode())

    def _environ(self, method: str, target: str, headers: list[tuple[str, str]]) -> dict[str, Any]:
        host = None
        path, _, query = target.partition("?")
        if not target.startswith("/"):
            url = urlsplit(target)
            host, path = url.netloc or None, url.path or "/"
        environ = {
            **self._base,
            "REQUEST_METHOD": method,
            "PATH_INFO": unquote_to_bytes(path.encode("latin-1")).decode("latin-1") if "%" in path else path,
            "QUERY_STRING": query,
            "REQUEST_URI": target,
            "RAW_URI": target,
        }
        spelled: dict[str, str] = {}
        for name, value in headers:
            key = name.upper().replace("-", "_")
            if "_" in name:
                # WSGI cannot tell such a name from one with dashes. Only S3 has a use for it: in keys of metadata.
                if not should_preserve_original_header_name(name):
                    continue
                spelled[f"HTTP_{key}"] = name
            if key not in {"CONTENT_TYPE", "CONTENT_LENGTH"}:
                key = f"HTTP_{key}"
            environ[key] = f"{environ[key]},{value}" if key in environ else value
        environ[PRESERVED_HEADER_NAMES_ENVIRON_KEY] = spelled
        if host is not None:
            environ["HTTP_HOST"] = host
        return environ

    def _read_body(self, environ: dict[str, Any]) -> bytes:
        if environ.get("HTTP_EXPECT", "").lower() == "100-continue":
            self._socket.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
        if "chunked" in environ.get("HTTP_TRANSFER_ENCODING", "").lower():
            environ["wsgi.input_terminated"] = True
            return self._read_chunks()
        try:
            length = int(environ.get("CONTENT_LENGTH") or 0)
        except ValueError as error:
            raise MalformedRequestError("the Content-Length is not a number") from error
        return self._take(length)

    def _read_chunks(self) -> bytes:
        body = bytearray()
        while True:
            size = self._take_line().partition(b";")[0]
            try:
                length = int(size, 16)
            except ValueError as error:
                raise MalformedRequestError(f"not the size of a chunk: {bytes(size[:20])!r}") from error
            if length == 0:
                break
            body += self._take(length)
            self._take_line()
        while self._take_line():  # trailers, such as a checksum
            pass
        return bytes(body)

    def _read_head(self) -> str | None:
        searched = 0
        while (end := self._received.find(_HEAD_END, searched)) < 0:
            searched = max(0, len(self._received) - len(_HEAD_END))
            if len(self._received) > _HEAD_BYTES:
                raise MalformedRequestError("the request's head does not end")
            if not self._receive():
                return None
        head = self._received[:end].decode("latin-1")
        del self._received[: end + len(_HEAD_END)]
        return head.lstrip("\r\n")

    def _take_line(self) -> bytes:
        while (end := self._received.find(b"\r\n")) < 0:
            self._receive_more()
        line = bytes(self._received[:end])
        del self._received[: end + 2]
        return line

    def _take(self, length: int) -> bytes:
        while len(self._received) < length:
            self._receive_more()
        taken = bytes(self._received[:length])
        del self._received[:length]
        return taken

    def _receive_more(self) -> None:
        if not self._receive():
            raise ConnectionResetError("the client left in the middle of a request")

    def _receive(self) -> bool:
        data = self._socket.recv(_READ_BYTES)
        self._received += data
        return bool(data)
