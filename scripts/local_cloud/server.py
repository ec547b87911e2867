"""The HTTP server in front of moto: loopback only, persistent connections, and nothing left behind when it stops."""

from __future__ import annotations

import errno
import io
import logging
import os
import socket
import threading
from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import IO, Any, Final

from moto.moto_server.werkzeug_app import MotoRequestHandler
from werkzeug.serving import ThreadedWSGIServer
from werkzeug.wsgi import LimitedStream

from scripts.local_cloud.errors import PortInUseError

LOOPBACK: Final = "127.0.0.1"
_LOG = logging.getLogger(__name__)
_JOIN_SECONDS: Final = 5.0

WsgiApplication = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


class _RequestHandler(MotoRequestHandler):  # type: ignore[misc]
    """Answer many requests on one connection.

    Werkzeug's own handler closes the connection after each answer, which costs a client a TCP handshake and the server
    a thread per call. This one reads the request's body to its end and sends the answer in one piece with its length,
    so that the connection can be used again.
    """

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1

    def setup(self) -> None:
        super().setup()
        self.server.connection_opened(self.connection)

    def finish(self) -> None:
        self.server.connection_closed(self.connection)
        try:
            super().finish()
        except OSError:
            _LOG.debug("the client left before its answer was sent")

    def run_wsgi(self) -> None:
        if self.headers.get("Expect", "").strip().lower() == "100-continue":
            self.wfile.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            self.wfile.flush()
        self.environ = self.make_environ()
        body = self._request_body(self.environ)
        self.environ["wsgi.input"] = body
        status, headers, content = call_application(self.server.app, self.environ)
        while body.read(1 << 20):
            pass
        self._answer(status, headers, content)

    def _request_body(self, environ: dict[str, Any]) -> IO[bytes]:
        if environ.get("wsgi.input_terminated"):
            stream: io.RawIOBase = environ["wsgi.input"]
        else:
            stream = LimitedStream(self.rfile, int(environ.get("CONTENT_LENGTH") or 0))
        return io.BufferedReader(stream)

    def _answer(self, status: str, headers: list[tuple[str, str]], content: bytes) -> None:
        code, _, reason = status.partition(" ")
        self.send_response(int(code), reason)
        for name, value in headers:
            if name.lower() not in {"content-length", "connection", "transfer-encoding"}:
                self.send_header(name, value)
        stated_length = next((value for name, value in headers if name.lower() == "content-length"), None)
        is_head = self.command == "HEAD"
        if int(code) not in {HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED}:
            self.send_header("Content-Length", stated_length if is_head and stated_length else str(len(content)))
        self.end_headers()
        if not is_head:
            self.wfile.write(content)
        self.wfile.flush()

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:  # noqa: ARG002
        _LOG.debug("%s %s -> %s", self.command, self.path, code)

    def log(self, type: str, message: str, *args: Any) -> None:  # noqa: ARG002
        _LOG.debug(message, *args)


def call_application(application: WsgiApplication, environ: dict[str, Any]) -> tuple[str, list[tuple[str, str]], bytes]:
    """Run a WSGI application and collect its whole answer.

    Returns
    -------
    tuple
        The status line without the protocol, the headers, and the body. An application that raises is answered by a
        500 whose body is the exception's text.
    """
    started: list[tuple[str, list[tuple[str, str]]]] = []

    def start_response(status: str, headers: list[tuple[str, str]], _exc_info: object = None) -> None:
        started.append((status, headers))

    try:
        answer = application(environ, start_response)
        try:
            content = b"".join(answer)
        finally:
            close = getattr(answer, "close", None)
            if close is not None:
                close()
    except Exception as error:  # noqa: BLE001 - whatever it is, the client must get an answer
        _LOG.exception("a request failed: %s %s", environ.get("REQUEST_METHOD"), environ.get("PATH_INFO"))
        text = f"{type(error).__name__}: {error}".encode()
        return "500 Internal Server Error", [("Content-Type", "text/plain; charset=utf-8")], text
    status, headers = started[-1]
    return status, headers, content


class LoopbackServer(ThreadedWSGIServer):
    """Serve a WSGI application on 127.0.0.1 until :meth:`stop`.

    Parameters
    ----------
    application
        What to serve.
    listener
        A listening socket from :func:`bind_loopback`; the server takes a duplicate of it.
    """

    def __init__(self, application: WsgiApplication, listener: socket.socket) -> None:
        self._connections: set[socket.socket] = set()
        self._connections_lock = threading.Lock()
        self._workers: list[threading.Thread] = []
        port = listener.getsockname()[1]
        super().__init__(LOOPBACK, port, application, handler=_RequestHandler, fd=listener.fileno())
        self._accepting = threading.Thread(target=self.serve_forever, args=(0.1,), name="local-cloud-http", daemon=True)

    def start(self) -> None:
        """Begin to answer, in a thread of its own."""
        self._accepting.start()

    def stop(self) -> None:
        """Stop listening, end open connections and wait for the threads that served them."""
        self.shutdown()
        self._accepting.join(_JOIN_SECONDS)
        with self._connections_lock:
            connections, workers = list(self._connections), list(self._workers)
        for connection in connections:
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                _LOG.debug("a connection was closed already")
        for worker in workers:
            worker.join(_JOIN_SECONDS)

    def process_request(self, request: Any, client_address: Any) -> None:
        """Serve one connection in a thread that :meth:`stop` can wait for."""
        worker = threading.Thread(
            target=self.process_request_thread, args=(request, client_address), name="local-cloud-request", daemon=True
        )
        with self._connections_lock:
            self._workers = [known for known in self._workers if known.is_alive()]
            self._workers.append(worker)
            worker.start()

    def connection_opened(self, connection: socket.socket) -> None:
        """Remember a connection, so that :meth:`stop` can end it."""
        with self._connections_lock:
            self._connections.add(connection)

    def connection_closed(self, connection: socket.socket) -> None:
        """Forget a connection."""
        with self._connections_lock:
            self._connections.discard(connection)

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ARG002
        """Log what went wrong with a connection."""
        _LOG.debug("a connection from %s failed", client_address, exc_info=True)


def bind_loopback(port: int = 0) -> socket.socket:
    """Listen on a port of 127.0.0.1; 0 takes a free one.

    Raises
    ------
    PortInUseError
        If the port is taken or not allowed.
    """
    try:
        return socket.create_server((LOOPBACK, port), backlog=128)
    except OSError as error:
        if error.errno in {errno.EADDRINUSE, errno.EACCES}:
            raise PortInUseError(
                f"port {port} on {LOOPBACK} cannot be used ({os.strerror(error.errno)}): "
                "choose another one with --port, or 0 for any free port"
            ) from error
        raise
