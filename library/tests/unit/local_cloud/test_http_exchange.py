import itertools
import socket
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stepweave.local_cloud.http_errors import ForeignRequestError, MalformedRequestError, RefusedRequestError
from stepweave.local_cloud.http_exchange import HttpExchange

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
    b"POST /a%20b?c=%20d HTTP/1.1\r\nHost: localhost:1\r\nX-Amz-Target: T\r\nContent-Type: x/y\r\n"
    b"Content-Length: 4\r\nAccept: 1\r\nAccept: 2\r\nUnder_score: 1\r\nx-amz-meta-my_key: kept\r\n\r\nbody"
)
CHUNKED = (
    b"PUT /k HTTP/1.1\r\nHost: [::1]\r\nTransfer-Encoding: chunked\r\n\r\n"
    b"2;x=y\r\nbo\r\n2\r\ndy\r\n0\r\nx-amz-checksum: c\r\n\r\n"
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


TO_US = b" HTTP/1.1\r\nHost: localhost\r\n"
CHUNKS = b"PUT /" + TO_US + b"Transfer-Encoding: chunked\r\n\r\n"


@pytest.mark.parametrize(
    "request_bytes",
    [
        b"nonsense\r\n\r\n",
        b"GET /" + TO_US + b"no colon\r\n\r\n",
        b"GET /" + TO_US + b" : no name\r\n\r\n",
        b"GET /" + TO_US + b"A: 1\r\n folded: 2\r\n\r\n",
        b"GET /" + TO_US + b"A: \x00\r\n\r\n",
        b"GET /" + TO_US + b"A: 1\n\r\n\r\n",
        b"GET / HTTP/2.0\r\nHost: localhost\r\n\r\n",
        b"GET / a HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"GET(/) /" + TO_US + b"\r\n",
        b"GET a" + TO_US + b"\r\n",
        b"GET *" + TO_US + b"\r\n",
        b"GET ftp://localhost/" + TO_US + b"\r\n",
        b"CONNECT localhost:443" + TO_US + b"\r\n",
        b"GET / HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.0\r\n\r\n",
        b"GET /" + TO_US + b"Host: localhost\r\n\r\n",
        *(
            b"POST /" + TO_US + b"Content-Length: " + length + b"\r\n\r\n"
            for length in (b"many", b"-1", b"+1", b"1_0", b"1 0", b"0x1", b"1.0", b"9" * 19, b"1\r\nContent-Length: 2")
        ),
        *(
            b"POST /" + TO_US + b"Transfer-Encoding: " + coding + b"\r\n\r\n0\r\n\r\n"
            for coding in (b"gzip", b"gzip, chunked", b"chunked, chunked", b"chunked\r\nContent-Length: 5")
        ),
        *(CHUNKS + size + b"\r\nab\r\n0\r\n\r\n" for size in (b"xyz", b"-2", b"+2", b"0x2", b"1_0", b"", b"f" * 16)),
        CHUNKS + b"1\r\nab\r\n0\r\n\r\n",
        CHUNKS + b"2" * 100_000,
        CHUNKS + b"0\r\n" + b"a: b\r\n" * 1000,
    ],
)
def test_what_is_no_request_is_named(request_bytes: bytes) -> None:
    with pytest.raises(MalformedRequestError):
        exchange_of([request_bytes]).next_request()


@pytest.mark.parametrize("authority", [b"[::1", b"", b"[", b"]", b"user@localhost", b"evil.example", b"localhost:x"])
def test_a_url_for_another_machine_is_refused_whatever_the_host(authority: bytes) -> None:
    with pytest.raises(ForeignRequestError):
        exchange_of([b"GET http://" + authority + b"/" + TO_US + b"\r\n"]).next_request()


def test_a_url_says_whom_a_request_is_addressed_to() -> None:
    request = exchange_of([b"GET http://bucket.localhost:1?a=b" + TO_US + b"\r\n"]).next_request()
    assert request is not None
    assert (request["HTTP_HOST"], request["PATH_INFO"], request["QUERY_STRING"]) == ("bucket.localhost:1", "/", "a=b")


def test_a_web_page_is_refused_before_its_body_has_come() -> None:
    with pytest.raises(ForeignRequestError):
        exchange_of([b"POST /" + TO_US + b"Origin: null\r\nContent-Length: 9\r\n\r\n"]).next_request()


FRAGMENTS = [b"GET", b"POST", b" ", b"/", b"http://", b"localhost", b"[::1", b"\r\n", b"\r\n\r\n", b"HTTP/1.1", b":"]
FRAGMENTS += [
    b"Host: localhost",
    b"Content-Length: ",
    b"Transfer-Encoding: chunked",
    b"5",
    b"-",
    b"\xff",
    b"\x00",
    b"%",
]


@given(st.lists(st.sampled_from(FRAGMENTS), max_size=30))
@settings(max_examples=200)
def test_whatever_comes_is_answered_or_refused(fragments: list[bytes]) -> None:
    exchange = exchange_of([b"".join(fragments)])
    try:
        while exchange.next_request() is not None:
            pass
    except (RefusedRequestError, ConnectionResetError):
        pass


def test_a_client_that_leaves_in_a_body_is_noticed() -> None:
    with pytest.raises(ConnectionResetError):
        exchange_of([REQUEST[:-1]]).next_request()


@pytest.mark.parametrize(
    ("head", "is_persistent"),
    [
        (b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", True),
        (b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", False),
        (b"GET / HTTP/1.0\r\nHost: localhost\r\n\r\n", False),
        (b"GET / HTTP/1.0\r\nHost: localhost\r\nConnection: keep-alive\r\n\r\n", True),
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


LIMITS = b"Content-Security-Policy: sandbox\r\n"


def test_an_answer_bears_its_length_and_no_framing_of_the_application(ends: tuple[socket.socket, HttpExchange]) -> None:
    headers = [("X-A", "1"), ("Content-Length", "9"), ("Transfer-Encoding", "chunked")]
    answer = answered(ends, b"GET /" + TO_US + b"\r\n", "200 OK", headers, b"text")
    assert answer == b"HTTP/1.1 200 OK\r\n" + LIMITS + b"X-A: 1\r\nContent-Length: 4\r\n\r\ntext"


def test_an_answer_to_head_says_how_long_the_body_would_be(ends: tuple[socket.socket, HttpExchange]) -> None:
    answer = answered(ends, b"HEAD /" + TO_US + b"\r\n", "200 OK", [("Content-Length", "9")], b"")
    assert answer == b"HTTP/1.1 200 OK\r\n" + LIMITS + b"Content-Length: 9\r\n\r\n"


def test_a_header_cannot_begin_another(ends: tuple[socket.socket, HttpExchange]) -> None:
    answer = answered(ends, b"GET /" + TO_US + b"\r\n", "204 No Content", [("X-A", "1\r\nX-B: 2")], b"")
    assert answer == b"HTTP/1.1 204 No Content\r\n" + LIMITS + b"X-A: 1 X-B: 2\r\n\r\n"


def test_no_answer_lets_a_page_of_another_origin_read_it(ends: tuple[socket.socket, HttpExchange]) -> None:
    headers = [("Access-Control-Allow-Origin", "*"), ("access-control-allow-private-network", "true"), ("X-A", "1")]
    answer = answered(ends, b"GET /" + TO_US + b"\r\n", "200 OK", headers, b"")
    assert b"access-control" not in answer.lower()
    assert b"X-A: 1" in answer


def test_a_refusal_arrives_although_the_client_is_still_sending(ends: tuple[socket.socket, HttpExchange]) -> None:
    client, exchange = ends
    client.sendall(
        b"POST /" + TO_US + b"Origin: http://evil.example\r\nContent-Length: 200000\r\n\r\n" + b"x" * 200_000
    )
    with pytest.raises(ForeignRequestError) as refusal:
        exchange.next_request()
    client.shutdown(socket.SHUT_WR)
    exchange.refuse(refusal.value)
    assert client.recv(65536).startswith(b"HTTP/1.1 403 Forbidden\r\n")
