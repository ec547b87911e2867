import itertools
import socket
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stepweave.local_cloud.http_exchange import HttpExchange, MalformedRequestError

PEER = ("127.0.0.1", 1)


@pytest.fixture
def ends() -> Iterator[tuple[socket.socket, HttpExchange]]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        client = socket.create_connection(listener.getsockname(), timeout=10)
        server, _ = listener.accept()
    with client, server:
        yield client, HttpExchange(server, PEER)


class FakeSocket(socket.socket):
    """Gives what a client sent in pieces, and then its end."""

    def __init__(self, pieces: list[bytes]) -> None:
        self.pieces = pieces

    def recv(self, *_: int) -> bytes:
        return self.pieces.pop(0) if self.pieces else b""

    def setsockopt(self, *_: Any) -> None:
        pass

    def getsockname(self) -> tuple[str, int]:
        return PEER

    def __del__(self) -> None:
        pass


def exchange_of(pieces: list[bytes]) -> HttpExchange:
    return HttpExchange(FakeSocket(pieces), PEER)


REQUEST = (
    b"POST /a%20b?c=%20d HTTP/1.1\r\nHost: h:1\r\nX-Amz-Target: T\r\nContent-Type: x/y\r\n"
    b"Content-Length: 4\r\nAccept: 1\r\nAccept: 2\r\nUnder_score: 1\r\nx-amz-meta-my_key: kept\r\n\r\nbody"
)
CHUNKED = (
    b"PUT /k HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n2;x=y\r\nbo\r\n2\r\ndy\r\n0\r\nx-amz-checksum: c\r\n\r\n"
)


@given(st.lists(st.integers(min_value=0, max_value=len(REQUEST + CHUNKED)), max_size=8))
@settings(max_examples=60)
def test_requests_are_the_same_however_they_arrive(cuts: list[int]) -> None:
    both = REQUEST + CHUNKED
    places = [0, *sorted(cuts), len(both)]
    pieces = [both[start:end] for start, end in itertools.pairwise(places) if start < end]
    exchange = exchange_of(pieces)
    first, second = exchange.next_request(), exchange.next_request()
    assert first is not None
    assert second is not None
    assert (first["REQUEST_METHOD"], first["PATH_INFO"], first["QUERY_STRING"]) == ("POST", "/a b", "c=%20d")
    assert first["RAW_URI"] == "/a%20b?c=%20d"
    assert (first["CONTENT_TYPE"], first["HTTP_X_AMZ_TARGET"], first["HTTP_ACCEPT"]) == ("x/y", "T", "1,2")
    assert "HTTP_UNDER_SCORE" not in first
    assert first["HTTP_X_AMZ_META_MY_KEY"] == "kept"
    assert first["moto.preserved_header_names"] == {"HTTP_X_AMZ_META_MY_KEY": "x-amz-meta-my_key"}
    assert [each["wsgi.input"].read() for each in (first, second)] == [b"body", b"body"]
    assert exchange.next_request() is None


@pytest.mark.parametrize(
    "request_bytes",
    [
        b"nonsense\r\n\r\n",
        b"GET / HTTP/1.1\r\nno colon\r\n\r\n",
        b"GET / HTTP/1.1\r\nContent-Length: many\r\n\r\n",
        b"PUT / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n",
    ],
)
def test_what_is_no_request_is_named(request_bytes: bytes) -> None:
    with pytest.raises(MalformedRequestError):
        exchange_of([request_bytes]).next_request()


def test_a_client_that_leaves_in_a_body_is_noticed() -> None:
    with pytest.raises(ConnectionResetError):
        exchange_of([REQUEST[:-1]]).next_request()


@pytest.mark.parametrize(
    ("head", "is_persistent"),
    [
        (b"GET / HTTP/1.1\r\n\r\n", True),
        (b"GET / HTTP/1.1\r\nConnection: close\r\n\r\n", False),
        (b"GET / HTTP/1.0\r\n\r\n", False),
        (b"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", True),
    ],
)
def test_the_client_says_whether_the_connection_is_kept(head: bytes, is_persistent: bool) -> None:
    exchange = exchange_of([head])
    exchange.next_request()
    assert exchange.is_persistent is is_persistent


def answered(ends: tuple[socket.socket, HttpExchange], request: bytes, *answer: Any) -> bytes:
    client, exchange = ends
    client.sendall(request)
    assert exchange.next_request() is not None
    exchange.answer(*answer)
    return client.recv(65536)


def test_an_answer_bears_its_length_and_no_framing_of_the_application(ends: tuple[socket.socket, HttpExchange]) -> None:
    headers = [("X-A", "1"), ("Content-Length", "9"), ("Transfer-Encoding", "chunked")]
    answer = answered(ends, b"GET / HTTP/1.1\r\n\r\n", "200 OK", headers, b"text")
    assert answer == b"HTTP/1.1 200 OK\r\nX-A: 1\r\nContent-Length: 4\r\n\r\ntext"


def test_an_answer_to_head_says_how_long_the_body_would_be(ends: tuple[socket.socket, HttpExchange]) -> None:
    answer = answered(ends, b"HEAD / HTTP/1.1\r\n\r\n", "200 OK", [("Content-Length", "9")], b"")
    assert answer == b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n"


def test_a_header_cannot_begin_another(ends: tuple[socket.socket, HttpExchange]) -> None:
    answer = answered(ends, b"GET / HTTP/1.1\r\n\r\n", "204 No Content", [("X-A", "1\r\nX-B: 2")], b"")
    assert answer == b"HTTP/1.1 204 No Content\r\nX-A: 1 X-B: 2\r\n\r\n"
