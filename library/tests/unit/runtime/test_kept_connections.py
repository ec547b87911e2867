"""Connections against a server that answers by the byte."""

import socket
import threading
from collections.abc import Callable, Iterator

import pytest

from stepweave.runtime.kept_connections import Answer, KeptConnections

Ask = Callable[..., Answer]


@pytest.fixture
def ask() -> Iterator[Ask]:
    """Return what posts to a server that answers with the given pieces, and closes the connection if told to."""
    listener = socket.create_server(("127.0.0.1", 0))
    host = f"127.0.0.1:{listener.getsockname()[1]}"
    connections, accepted = KeptConnections(5, 5), list[socket.socket]()

    def serve(pieces: tuple[bytes, ...], *, closes: bool) -> None:
        if not accepted:
            accepted.append(listener.accept()[0])
        received = b""
        while not received.endswith(b"body"):
            received += accepted[-1].recv(65536)
        assert received.startswith(b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 4\r\n\r\n")
        for piece in pieces:
            accepted[-1].sendall(piece)
        if closes:
            accepted.pop().close()

    def post(*pieces: bytes, closes: bool = False) -> Answer:
        server = threading.Thread(target=serve, args=(pieces,), kwargs={"closes": closes}, daemon=True)
        server.start()
        try:
            return connections.post("http", host, {"host": "x"}, b"body")
        finally:
            server.join(5)

    with listener:
        yield post
        for connection in accepted:
            connection.close()


def test_an_answer_may_come_in_any_pieces(ask: Ask) -> None:
    whole = b"HTTP/1.1 200 OK\r\nX-Name:  value \r\nContent-Length: 5\r\n\r\nhello"
    expected = Answer(200, {"x-name": "value", "content-length": "5"}, b"hello")
    assert ask(whole) == expected
    assert ask(*(bytes([byte]) for byte in whole)) == expected


def test_an_answer_may_come_in_chunks(ask: Ask) -> None:
    answer = ask(
        b"HTTP/1.1 400 No\r\nTransfer-Encoding: chunked\r\n\r\n", b"2\r\nab\r\n1;x=y\r\nc\r\n", b"0\r\nT: t\r\n\r\n"
    )
    assert (answer.status, answer.content) == (400, b"abc")
    assert ask(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").content == b""


@pytest.mark.parametrize(
    "malformed",
    [
        b"SSH-2.0-OpenSSH\r\n\r\n",
        b"HTTP/1.1 OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhell",
        b"a" * 200_000,
        b"",
    ],
)
def test_what_cannot_be_read_is_an_error(ask: Ask, malformed: bytes) -> None:
    with pytest.raises(OSError, match=r"answer|chunk|reset"):
        ask(malformed, closes=True)
    assert ask(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok").content == b"ok"


def test_a_connection_that_the_server_is_to_close_is_not_used_again(ask: Ask) -> None:
    assert ask(b"HTTP/1.1 200 OK\r\nConnection: Close\r\nContent-Length: 2\r\n\r\nok", closes=True).content == b"ok"
    assert ask(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", closes=True).content == b"ok"
    assert ask(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok").content == b"ok"
