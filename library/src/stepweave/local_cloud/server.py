"""The HTTP server in front of moto: loopback only, persistent connections, and nothing left behind when it stops."""

from __future__ import annotations

import errno
import logging
import os
import selectors
import socket
import threading
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from functools import partial
from typing import Any, Final

from stepweave.local_cloud.errors import PortInUseError
from stepweave.local_cloud.http_errors import RefusedRequestError
from stepweave.local_cloud.http_exchange import HttpExchange
from stepweave.local_cloud.request_problems import problem_answer, request_problem
from stepweave.local_cloud.thread_group import ThreadGroup

LOOPBACK: Final = "127.0.0.1"
_LOG = logging.getLogger(__name__)
_PAUSE_SECONDS: Final = 0.05

WsgiApplication = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


def call_application(application: WsgiApplication, environ: dict[str, Any]) -> tuple[str, list[tuple[str, str]], bytes]:
    """Run a WSGI application and collect its whole answer.

    Returns
    -------
    tuple
        The status line without the protocol, the headers, and the body. An application that raises is answered by a
        500 whose body is the exception's text; by a 400 if the request is not what it should be.
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
        if (problem := request_problem(environ, error)) is not None:
            return problem_answer(environ, problem)
        _LOG.exception("a request failed: %s %s", environ.get("REQUEST_METHOD"), environ.get("PATH_INFO"))
        text = f"{type(error).__name__}: {error}".encode()
        return "500 Internal Server Error", [("Content-Type", "text/plain; charset=utf-8")], text
    status, headers = started[-1]
    return status, headers, content


class LoopbackServer:
    """Serve a WSGI application on 127.0.0.1 until :meth:`stop`: a thread for each connection.

    Parameters
    ----------
    application
        What to serve.
    listener
        A listening socket from :func:`bind_loopback`; the server takes a duplicate of it.
    """

    def __init__(self, application: WsgiApplication, listener: socket.socket) -> None:
        self.socket = listener.dup()
        self.port: int = listener.getsockname()[1]
        self._application = application
        self._connections: set[socket.socket] = set()
        self._workers = ThreadGroup("local-cloud-request")
        self._lock = threading.Lock()
        self._is_stopping = False
        self._stop_reader, self._stop_writer = socket.socketpair()
        self._accepting = threading.Thread(target=self._accept, name="local-cloud-http", daemon=True)

    def start(self) -> None:
        """Begin to answer, in a thread of its own."""
        self._accepting.start()

    def stop(self) -> None:
        """Stop listening, end open connections and wait for the threads that served them."""
        self.close()
        self.join()

    def close(self) -> None:
        """Stop listening, and end open connections. Requests that are being answered are, but nobody will hear."""
        with self._lock:
            is_first, self._is_stopping = not self._is_stopping, True
        if is_first:
            self._stop_writer.close()
        self._accepting.join()
        with self._lock:
            for connection in self._connections:
                with suppress(OSError):  # the client has gone already
                    connection.shutdown(socket.SHUT_RDWR)

    def join(self) -> None:
        """Return when all threads have ended; `close` comes before."""
        self._workers.join()

    def _accept(self) -> None:
        self.socket.setblocking(False)
        with self.socket, self._stop_reader, selectors.DefaultSelector() as selector:
            selector.register(self.socket, selectors.EVENT_READ)
            selector.register(self._stop_reader, selectors.EVENT_READ)
            while not self._is_stopping:
                selector.select()
                try:
                    connection, peer = self.socket.accept()
                except (BlockingIOError, ConnectionAbortedError):
                    continue
                except OSError:
                    _LOG.exception("a connection could not be accepted")
                    time.sleep(_PAUSE_SECONDS)  # until there are file descriptors again
                    continue
                connection.setblocking(True)
                self._serve_in_thread(connection, peer)

    def _serve_in_thread(self, connection: socket.socket, peer: tuple[str, int]) -> None:
        with self._lock:
            if self._is_stopping:
                connection.close()
                return
            self._connections.add(connection)
            self._workers.start(partial(self._serve, connection, peer))

    def _serve(self, connection: socket.socket, peer: tuple[str, int]) -> None:
        exchange = HttpExchange(connection, peer)
        try:
            while exchange.is_persistent and (environ := exchange.next_request()) is not None:
                exchange.answer(*call_application(self._application, environ))
        except RefusedRequestError as error:
            with suppress(OSError):
                exchange.refuse(error)
        except OSError:
            _LOG.debug("a client left before its answer was sent", exc_info=True)
        finally:
            with self._lock:
                self._connections.discard(connection)
                connection.close()


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
