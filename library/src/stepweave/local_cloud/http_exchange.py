"""The server's end of one persistent HTTP/1.1 connection that carries WSGI requests.

The standard library's servers parse each head with the parser for e-mail and read it line by line, which takes longer
than many a call of an AWS service that is answered in this process.
"""

from __future__ import annotations

import io
import re
import socket
import sys
from contextlib import suppress
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import unquote_to_bytes

from moto.core.request import PRESERVED_HEADER_NAMES_ENVIRON_KEY, should_preserve_original_header_name

from stepweave.local_cloud.http_errors import MalformedRequestError, RefusedRequestError, UnfinishedRequestError
from stepweave.local_cloud.request_guard import check_request

_READ_BYTES: Final = 64 * 1024
_HEAD_BYTES: Final = 1024 * 1024
_HEAD_END: Final = b"\r\n\r\n"
_BODY_BYTES: Final = 5 * 1024**3  # the largest that a service takes: a body that S3 is given at once
_LINE_BYTES: Final = 64 * 1024
_TRAILERS: Final = 100
_LINGER_SECONDS: Final = 0.5
_LINGER_READS: Final = 64
_FRAMING: Final = frozenset({"content-length", "connection", "transfer-encoding"})
_BODILESS: Final = frozenset({HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED})
_LINE_BREAKS: Final = re.compile(r"[\r\n]+")
_REQUEST_LINE: Final = re.compile(r"([!#$%&'*+.^_`|~0-9A-Za-z-]+) ([!-~\x80-\xff]+) HTTP/1\.([01])")
_NAME: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_FORBIDDEN: Final = re.compile(r"[\x00\r\n]")
_URL: Final = re.compile(r"http://(?P<authority>[^/?#]*)(?P<path>[^?]*)", re.IGNORECASE)
_LENGTH: Final = re.compile(r"[0-9]{1,18}", re.ASCII)
_CHUNK_LENGTH: Final = re.compile(rb"[0-9A-Fa-f]{1,15}")
_CROSS_ORIGIN: Final = "access-control-"
_LIMITS_OF_PAGES: Final = "Content-Security-Policy: sandbox"
"""A page among the answers, as an object in a bucket may be, is not of this server's origin and runs no script: with
either it could do what a program may."""


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
        ForeignRequestError
            If it does not come from a program of this machine.
        """
        head = self._read_head()
        if head is None:
            return None
        request_line, *lines = head.split("\r\n")
        request = _REQUEST_LINE.fullmatch(request_line)
        if request is None:
            raise MalformedRequestError(f"not an HTTP request: {request_line[:80]!r}")
        headers = [_header(line) for line in lines]
        method, target, minor_version = request.groups()
        url = _URL.match(target)
        if url is None and not target.startswith("/") and (method, target) != ("OPTIONS", "*"):
            raise MalformedRequestError(f"neither a path nor a URL: {target[:80]!r}")
        check_request(headers, None if url is None else url["authority"])
        environ = self._environ(method, target, url, headers)
        connection = environ.get("HTTP_CONNECTION", "").lower()
        self.is_persistent = connection == "keep-alive" if minor_version == "0" else connection != "close"
        self._is_head = method == "HEAD"
        body = self._read_body(environ)
        environ["wsgi.input"] = io.BytesIO(body)
        return environ

    def answer(self, status: str, headers: list[tuple[str, str]], content: bytes) -> None:
        """Send an answer in one piece, with its length, so that the connection can be used again."""
        lines = [f"HTTP/1.1 {status}", _LIMITS_OF_PAGES]
        length = str(len(content))
        for name, value in headers:
            folded = name.lower()
            if folded.startswith(_CROSS_ORIGIN):
                continue  # no page of another origin may read an answer
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

    def refuse(self, error: RefusedRequestError) -> None:
        """Say why a request is not answered, and that the connection ends."""
        self.is_persistent = False
        status = f"{error.status.value} {error.status.phrase}"
        self.answer(status, [("Content-Type", "text/plain; charset=utf-8")], str(error).encode())
        # What the client is still sending is read for a while: else its system would drop the answer.
        self._socket.shutdown(socket.SHUT_WR)
        self._socket.settimeout(_LINGER_SECONDS)
        with suppress(TimeoutError):
            for _ in range(_LINGER_READS):
                if not self._socket.recv(_READ_BYTES):
                    return

    def _environ(
        self, method: str, target: str, url: re.Match[str] | None, headers: list[tuple[str, str]]
    ) -> dict[str, Any]:
        path, _, query = target.partition("?")
        if url is not None:
            path = url["path"] or "/"
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
        if url is not None:
            environ["HTTP_HOST"] = url["authority"]
        return environ

    def _read_body(self, environ: dict[str, Any]) -> bytes:
        if environ.get("HTTP_EXPECT", "").lower() == "100-continue":
            self._socket.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
        coding, given = environ.get("HTTP_TRANSFER_ENCODING"), environ.get("CONTENT_LENGTH")
        if coding is not None:
            if coding.lower() != "chunked" or given is not None:
                raise MalformedRequestError("the body is neither of one length nor in chunks alone")
            environ["wsgi.input_terminated"] = True
            return self._read_chunks()
        if not given:
            return b""
        if not _LENGTH.fullmatch(given):
            raise MalformedRequestError(f"the Content-Length is not a number: {given[:20]!r}")
        return self._take(_in_bounds(int(given)))

    def _read_chunks(self) -> bytes:
        body = bytearray()
        while length := self._take_chunk_length():
            _in_bounds(len(body) + length)
            body += self._take(length)
            if self._take_line():
                raise MalformedRequestError("a chunk is longer than it says")
        for _ in range(_TRAILERS):  # such as a checksum
            if not self._take_line():
                return bytes(body)
        raise MalformedRequestError("the request's trailers do not end")

    def _take_chunk_length(self) -> int:
        size = self._take_line().partition(b";")[0].strip(b" \t")
        if not _CHUNK_LENGTH.fullmatch(size):
            raise MalformedRequestError(f"not the size of a chunk: {size[:20]!r}")
        return int(size, 16)

    def _read_head(self) -> str | None:
        searched = 0
        while (end := self._received.find(_HEAD_END, searched)) < 0:
            searched = max(0, len(self._received) - len(_HEAD_END))
            if len(self._received) > _HEAD_BYTES:
                raise MalformedRequestError("the request's head does not end")
            if not self._receive():
                if self._received.strip(b"\r\n"):
                    raise UnfinishedRequestError("the request ended before its head did")
                return None
        head = self._received[:end].decode("latin-1")
        del self._received[: end + len(_HEAD_END)]
        return head.lstrip("\r\n")  # empty lines between requests are left out

    def _take_line(self) -> bytes:
        while (end := self._received.find(b"\r\n")) < 0:
            if len(self._received) > _LINE_BYTES:
                raise MalformedRequestError("a line in the request's body does not end")
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
            raise UnfinishedRequestError("the request ended before its body did")

    def _receive(self) -> bool:
        data = self._socket.recv(_READ_BYTES)
        self._received += data
        return bool(data)


def _in_bounds(length: int) -> int:
    if length > _BODY_BYTES:
        raise MalformedRequestError(f"a body of {length} bytes is larger than any that is taken")
    return length


def _header(line: str) -> tuple[str, str]:
    name, colon, value = line.partition(":")
    if not colon or not _NAME.fullmatch(name) or _FORBIDDEN.search(value):
        raise MalformedRequestError(f"not a header: {line[:80]!r}")
    return name, value.strip(" \t")
