import itertools
import socket
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stepweave.local_cloud.http_errors import ForeignRequestError, MalformedRequestError
from stepweave.local_cloud.lambda_runtime import http_connection
from stepweave.local_cloud.lambda_runtime.http_connection import HttpConnection, HttpRequest

LIMIT = 64


@contextmanager
def connected(limit: int = LIMIT) -> Iterator[tuple[HttpConnection, socket.socket]]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        peer = socket.create_connection(listener.getsockname())
        accepted, _ = listener.accept()
        connection = HttpConnection(accepted, limit)
        try:
            yield connection, peer
        finally:
            connection.close()
            peer.close()


def wire(path: str, body: bytes) -> bytes:
    return f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body


def read_one(connection: HttpConnection) -> HttpRequest:
    while (request := connection.take_request()) is None:
        assert connection.fill()
    return request


@given(
    bodies=st.lists(st.binary(max_size=2 * LIMIT), min_size=1, max_size=3),
    cuts=st.lists(st.integers(min_value=1, max_value=400), max_size=6),
)
def test_however_the_bytes_arrive_the_requests_are_the_same(bodies: list[bytes], cuts: list[int]) -> None:
    with connected() as (connection, peer):
        for number, body in enumerate(bodies):
            message = wire(f"/{number}", body)
            edges = sorted({0, len(message), *(cut for cut in cuts if cut < len(message))})
            request = None
            for begin, end in itertools.pairwise(edges):
                assert request is None
                peer.sendall(message[begin:end])
                assert connection.fill()
                request = connection.take_request()
            assert request == HttpRequest(
                "POST",
                f"/{number}",
                {"host": "localhost", "content-length": str(len(body))},
                body if len(body) <= LIMIT else b"",
                len(body),
            )


def test_a_body_over_the_limit_is_not_kept_in_memory() -> None:
    with connected() as (connection, peer):
        peer.sendall(wire("/big", b"x" * 100_000))
        request = read_one(connection)
        assert (request.body, request.body_bytes) == (b"", 100_000)
        assert len(connection._buffer) == 0


def test_a_client_that_expects_it_is_told_to_continue() -> None:
    with connected() as (connection, peer):
        peer.sendall(b"POST /a HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n")
        assert connection.fill()
        assert connection.take_request() is None
        assert peer.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
        peer.sendall(b"hi")
        assert read_one(connection).body == b"hi"


@pytest.mark.parametrize(
    "message",
    [
        b"nonsense\r\n\r\n",
        b"GET / HTTP/1.1\r\nno colon\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: many\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1_0\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: 0\r\n\r\n",
    ],
)
def test_what_is_not_http_is_refused(message: bytes) -> None:
    with connected() as (connection, peer):
        peer.sendall(message)
        assert connection.fill()
        with pytest.raises(MalformedRequestError):
            connection.take_request()


def test_a_web_page_is_refused_before_its_body_has_come() -> None:
    with connected() as (connection, peer):
        peer.sendall(b"POST / HTTP/1.1\r\nHost: localhost\r\nOrigin: null\r\nContent-Length: 9\r\n\r\n")
        assert connection.fill()
        with pytest.raises(ForeignRequestError):
            connection.take_request()


def test_the_end_of_the_connection_is_noticed() -> None:
    with connected() as (connection, peer):
        peer.close()
        assert not connection.fill()


def test_small_answers_are_not_held_back() -> None:
    with connected() as (connection, _peer):
        assert connection.socket.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


def test_a_peer_that_does_not_read_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_connection, "_SYSTEM_TIMEOUT", struct.pack("@ll", 0, 50_000))
    with connected() as (connection, _peer), pytest.raises(OSError, match="unavailable"):
        connection.answer(HTTPStatus.OK, bytes(64 * 1024 * 1024))


def test_a_peer_that_sends_nothing_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_connection, "_SYSTEM_TIMEOUT", struct.pack("@ll", 0, 50_000))
    with connected() as (connection, _peer):
        assert not connection.fill()
