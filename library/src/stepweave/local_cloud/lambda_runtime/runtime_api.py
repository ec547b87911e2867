"""The Lambda Runtime API (2018-06-01) for one worker process.

Each worker has an API of its own, on a port of its own, so workers cannot be mixed up. It has no thread: whoever waits
for the worker drives it, so that a warm call passes from the caller to the worker and back with no hand-over between.
"""

import json
import re
import selectors
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from http import HTTPStatus

from stepweave.local_cloud.http_errors import RefusedRequestError
from stepweave.local_cloud.lambda_runtime.http_connection import HttpConnection, HttpRequest
from stepweave.local_cloud.lambda_runtime.invocation import RESPONSE_BYTES

PREFIX = "/2018-06-01/runtime/"
ACCEPTED = b'{"status":"OK"}'
_OUTCOME = re.compile(r"invocation/([^/]+)/(response|error)")


@dataclass(frozen=True)
class RuntimeEvent:
    """What is to be delivered to a worker that asked for its next invocation."""

    request_id: str
    payload: bytes
    deadline_ms: int
    function_arn: str
    trace_header: str
    client_context: str | None = None


@dataclass(frozen=True)
class NextAsked:
    """The worker is ready for an event."""


@dataclass(frozen=True)
class ResponsePosted:
    """The handler returned; `body` is empty if its `size` in bytes is over Lambda's limit."""

    request_id: str
    body: bytes
    size: int


@dataclass(frozen=True)
class ErrorPosted:
    """The handler raised; `body` is the error object."""

    request_id: str
    body: bytes


@dataclass(frozen=True)
class InitErrorPosted:
    """The handler's module could not be loaded; `body` is the error object."""

    body: bytes


@dataclass(frozen=True)
class Disconnected:
    """A connection of the worker's was closed: it may have died."""


RuntimeMessage = NextAsked | ResponsePosted | ErrorPosted | InitErrorPosted | Disconnected


class RuntimeApi:
    """One worker's end of the Runtime API; used by one thread at a time, but for `wake`."""

    def __init__(self) -> None:
        self._selector = getattr(selectors, "PollSelector", selectors.DefaultSelector)()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.setblocking(False)
        self._connections: dict[int, HttpConnection] = {}
        self._waiting: HttpConnection | None = None
        self._delivered_to: HttpConnection | None = None
        self._has_lost_event = False
        self._ready: list[RuntimeMessage] = []
        self._selector.register(self._listener, selectors.EVENT_READ, self._accept)
        self._woken, self._waker = socket.socketpair()
        self._woken.setblocking(False)
        self._waker.setblocking(False)
        self._wake_lock = threading.Lock()  # what is closed is not written to: its number may be another file's
        self._selector.register(self._woken, selectors.EVENT_READ, self._read_wakes)

    @property
    def address(self) -> str:
        """``host:port``, the value of ``AWS_LAMBDA_RUNTIME_API``."""
        host, port = self._listener.getsockname()[:2]
        return f"{host}:{port}"

    @property
    def has_lost_event(self) -> bool:
        """Whether the worker is known to have gone without having read the whole event that was delivered to it.

        False says nothing: its connection may be open, or not have told.
        """
        return self._has_lost_event

    def watch(self, fd: int, on_readable: Callable[[], None]) -> None:
        """Call `on_readable` whenever `fd` can be read while somebody waits in `receive`."""
        self._selector.register(fd, selectors.EVENT_READ, on_readable)

    def unwatch(self, fd: int) -> None:
        """Undo `watch`."""
        self._selector.unregister(fd)

    def wake(self) -> None:
        """End the wait in `receive`, or else the next one. Any thread may call this, at any time."""
        with self._wake_lock, suppress(OSError):
            self._waker.send(b"w")

    def receive(self, timeout: float) -> RuntimeMessage | None:
        """The worker's next message, or None if none came within `timeout` seconds or before a `wake`."""
        if not self._ready:
            for key, _events in self._selector.select(max(timeout, 0.0)):
                key.data()
        return self._ready.pop(0) if self._ready else None

    def deliver(self, event: RuntimeEvent) -> None:
        """Answer the worker's call of ``next``. Raises `OSError` if the worker is gone or did not ask."""
        if self._waiting is None:
            raise ConnectionError("the worker does not wait for an event")
        connection, self._waiting = self._waiting, None
        self._delivered_to, self._has_lost_event = connection, False
        headers = {
            "Lambda-Runtime-Aws-Request-Id": event.request_id,
            "Lambda-Runtime-Deadline-Ms": str(event.deadline_ms),
            "Lambda-Runtime-Invoked-Function-Arn": event.function_arn,
            "Lambda-Runtime-Trace-Id": event.trace_header,
        }
        if event.client_context is not None:
            headers["Lambda-Runtime-Client-Context"] = event.client_context
        connection.answer(HTTPStatus.OK, event.payload, headers)

    def close(self) -> None:
        """Close every socket: the worker, if it still lives, exits."""
        self._selector.close()
        self._listener.close()
        with self._wake_lock:
            self._waker.close()
        self._woken.close()
        for connection in self._connections.values():
            connection.close()
        self._connections.clear()

    def _read_wakes(self) -> None:
        self._woken.recv(64)

    def _accept(self) -> None:
        try:
            accepted, _address = self._listener.accept()
        except OSError:
            return
        connection = HttpConnection(accepted, RESPONSE_BYTES)
        self._connections[accepted.fileno()] = connection
        self._selector.register(accepted, selectors.EVENT_READ, lambda: self._read(connection))

    def _read(self, connection: HttpConnection) -> None:
        try:
            is_open = connection.fill()
            while request := connection.take_request():
                self._handle(connection, request)
        except RefusedRequestError as error:
            with suppress(OSError):  # who sent it may have left
                self._refuse(connection, error.status, "InvalidRequest", str(error))
            is_open = False
        except OSError:
            is_open = False
        if not is_open:
            self._drop(connection)

    def _drop(self, connection: HttpConnection) -> None:
        self._selector.unregister(connection.socket)
        self._connections.pop(connection.socket.fileno(), None)
        connection.close()
        if self._waiting is connection:
            self._waiting = None
        if self._delivered_to is connection and connection.was_reset:
            self._has_lost_event = True
        self._ready.append(Disconnected())

    def _handle(self, connection: HttpConnection, request: HttpRequest) -> None:
        self._delivered_to = None  # who asks for something else has read the event
        operation = request.path.removeprefix(PREFIX)
        if (request.method, operation) == ("GET", "invocation/next"):
            self._waiting = connection
            self._ready.append(NextAsked())
        elif (request.method, operation) == ("POST", "init/error"):
            self._ready.append(InitErrorPosted(request.body))
            connection.answer(HTTPStatus.ACCEPTED, ACCEPTED)
        elif request.method == "POST" and (outcome := _OUTCOME.fullmatch(operation)):
            request_id, kind = outcome.groups()
            self._ready.append(
                ResponsePosted(request_id, request.body, request.body_bytes)
                if kind == "response"
                else ErrorPosted(request_id, request.body)
            )
            connection.answer(HTTPStatus.ACCEPTED, ACCEPTED)
        else:
            self._refuse(connection, HTTPStatus.NOT_FOUND, "InvalidPath", f"{request.method} {request.path}")

    @staticmethod
    def _refuse(connection: HttpConnection, status: HTTPStatus, kind: str, message: str) -> None:
        connection.answer(status, json.dumps({"errorType": kind, "errorMessage": message}).encode())
