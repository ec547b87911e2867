import http.client
import os
import socket
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from stepweave.local_client.control import answering_process
from stepweave.local_cloud.errors import PortInUseError
from stepweave.local_cloud.health import with_health
from stepweave.local_cloud.server import LoopbackServer, bind_loopback


def echo(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """Answer with what came in; `/ignore` does not read the body, `/fail` raises, `/none` has nothing to say."""
    path = environ["PATH_INFO"]
    if path == "/fail":
        raise ValueError("on purpose")
    if path == "/none":
        start_response("204 No Content", [])
        return []
    body = b"ignored" if path == "/ignore" else environ["wsgi.input"].read()
    start_response("200 OK", [("Content-Type", "text/plain"), ("X-Method", environ["REQUEST_METHOD"])])
    return [body[:3], body[3:]]


@contextmanager
def serving(application: Any = echo) -> Iterator[LoopbackServer]:
    with bind_loopback() as listener:
        server = LoopbackServer(application, listener)
    server.start()
    try:
        yield server
    finally:
        server.stop()


@pytest.fixture
def connection() -> Iterator[http.client.HTTPConnection]:
    with serving() as server:
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
        yield connection
        connection.close()


def exchange(
    connection: http.client.HTTPConnection, method: str, path: str, body: Any = None, **options: Any
) -> tuple[int, bytes]:
    connection.request(method, path, body, **options)
    response = connection.getresponse()
    return response.status, response.read()


def test_one_connection_serves_many_requests(connection: http.client.HTTPConnection) -> None:
    connection.connect()
    first = connection.sock
    assert exchange(connection, "POST", "/", b"hello") == (200, b"hello")
    assert exchange(connection, "POST", "/ignore", b"x" * 100_000) == (200, b"ignored")
    assert exchange(connection, "GET", "/none") == (204, b"")
    assert exchange(connection, "HEAD", "/ignore") == (200, b"")
    assert exchange(connection, "POST", "/", iter([b"chun", b"ked"]), encode_chunked=True) == (200, b"chunked")
    status, content = exchange(connection, "GET", "/fail")
    assert (status, content) == (500, b"ValueError: on purpose")
    assert exchange(connection, "POST", "/", b"still here") == (200, b"still here")
    assert connection.sock is first


def test_expecting_clients_are_told_to_go_on(connection: http.client.HTTPConnection) -> None:
    connection.connect()
    connection.sock.sendall(b"PUT / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n")
    assert connection.sock.recv(1024).startswith(b"HTTP/1.1 100 ")
    connection.sock.sendall(b"ok")
    assert connection.sock.recv(1024).endswith(b"ok")


def test_only_loopback_is_listened_on() -> None:
    with serving() as server:
        assert server.socket.getsockname()[0] == "127.0.0.1"


def test_stopping_leaves_nothing_behind() -> None:
    before = set(threading.enumerate())
    with serving() as server:
        idle = socket.create_connection(("127.0.0.1", server.port))
        busy = http.client.HTTPConnection("127.0.0.1", server.port)
        assert exchange(busy, "POST", "/", b"hello")[0] == 200
    assert idle.recv(1) == b""
    idle.close()
    busy.close()
    assert set(threading.enumerate()) == before
    bind_loopback(server.port).close()


def test_a_port_in_use_is_named() -> None:
    with bind_loopback() as taken:
        port = taken.getsockname()[1]
        with pytest.raises(PortInUseError, match=f"port {port} .*choose another"):
            bind_loopback(port)


def test_health_names_the_process() -> None:
    with serving(with_health(echo)) as server:
        assert answering_process(server.port) == os.getpid()
        port = server.port
    assert answering_process(port) is None


def test_another_program_is_not_taken_for_the_local_cloud() -> None:
    with serving() as server:
        assert answering_process(server.port) is None
