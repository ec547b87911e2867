import http.client
import json
import socket
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from stepweave.local_cloud.lambda_runtime.invocation import RESPONSE_BYTES
from stepweave.local_cloud.lambda_runtime.runtime_api import (
    Disconnected,
    ErrorPosted,
    InitErrorPosted,
    NextAsked,
    ResponsePosted,
    RuntimeApi,
    RuntimeEvent,
    RuntimeMessage,
)

EVENT = RuntimeEvent(
    request_id="id-1",
    payload=b'{"n": 1}',
    deadline_ms=1700000000000,
    function_arn="arn:aws:lambda:us-east-1:123456789012:function:f",
    trace_header="Root=1-a-b;Sampled=1",
    client_context='{"client": {}}',
)
Answer = tuple[int, dict[str, str], bytes]


class Client:
    """A runtime: each request runs in a thread, as the API only answers while somebody waits in `receive`."""

    def __init__(self, address: str, executor: ThreadPoolExecutor) -> None:
        self.connection = http.client.HTTPConnection(address, timeout=10)
        self._executor = executor

    def request(self, method: str, operation: str, body: bytes | None = None) -> Future[Answer]:
        return self._executor.submit(self._request, method, f"/2018-06-01/runtime/{operation}", body)

    def _request(self, method: str, path: str, body: bytes | None) -> Answer:
        self.connection.request(method, path, body)
        response = self.connection.getresponse()
        return response.status, dict(response.getheaders()), response.read()


@pytest.fixture
def api() -> Iterator[RuntimeApi]:
    api = RuntimeApi()
    yield api
    api.close()


@pytest.fixture
def client(api: RuntimeApi) -> Iterator[Client]:
    with ThreadPoolExecutor(2) as executor:
        client = Client(api.address, executor)
        yield client
        client.connection.close()


def receive(api: RuntimeApi) -> RuntimeMessage:
    for _ in range(100):
        if (message := api.receive(0.1)) is not None:
            return message
    raise AssertionError("no message")


def test_next_waits_for_an_event_and_gives_it_with_the_headers_of_aws(api: RuntimeApi, client: Client) -> None:
    asked = client.request("GET", "invocation/next")
    assert receive(api) == NextAsked()
    assert not asked.done()
    api.deliver(EVENT)
    status, headers, body = asked.result(5)
    assert (status, body) == (200, EVENT.payload)
    assert headers == {
        "Content-Type": "application/json",
        "Content-Length": "8",
        "Lambda-Runtime-Aws-Request-Id": "id-1",
        "Lambda-Runtime-Deadline-Ms": "1700000000000",
        "Lambda-Runtime-Invoked-Function-Arn": EVENT.function_arn,
        "Lambda-Runtime-Trace-Id": "Root=1-a-b;Sampled=1",
        "Lambda-Runtime-Client-Context": '{"client": {}}',
    }


def test_the_answers_of_the_runtime_are_accepted(api: RuntimeApi, client: Client) -> None:
    error = json.dumps({"errorType": "E"}).encode()
    for operation, body, expected in (
        ("invocation/id-1/response", b"1", ResponsePosted("id-1", b"1", 1)),
        ("invocation/id-1/error", error, ErrorPosted("id-1", error)),
        ("init/error", error, InitErrorPosted(error)),
    ):
        posted = client.request("POST", operation, body)
        assert receive(api) == expected
        assert posted.result(5)[0] == 202


def test_a_response_over_the_limit_is_told_by_its_size(api: RuntimeApi, client: Client) -> None:
    posted = client.request("POST", "invocation/id-1/response", b"x" * (RESPONSE_BYTES + 1))
    assert receive(api) == ResponsePosted("id-1", b"", RESPONSE_BYTES + 1)
    assert posted.result(5)[0] == 202


def test_an_unknown_path_is_not_found(api: RuntimeApi, client: Client) -> None:
    answer = client.request("GET", "invocation/previous")
    while not answer.done():
        assert api.receive(0.01) is None
    assert answer.result(5)[0] == 404


def test_an_event_cannot_be_delivered_to_who_did_not_ask(api: RuntimeApi) -> None:
    with pytest.raises(OSError, match="does not wait"):
        api.deliver(EVENT)


def test_a_closed_connection_is_told(api: RuntimeApi, client: Client) -> None:
    client.request("GET", "invocation/next")
    assert receive(api) == NextAsked()
    assert client.connection.sock is not None
    client.connection.sock.shutdown(2)
    assert receive(api) == Disconnected()
    with pytest.raises(OSError, match="does not wait"):
        api.deliver(EVENT)


@pytest.mark.parametrize(
    ("read", "is_lost"),
    [("nothing", True), ("a part", True), ("all", False), ("closed before", True)],
)
def test_an_event_that_was_not_read_is_known_to_be_lost(api: RuntimeApi, read: str, is_lost: bool) -> None:
    host, port = api.address.split(":")
    with socket.create_connection((host, int(port)), timeout=10) as worker:
        worker.sendall(b"GET /2018-06-01/runtime/invocation/next HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert receive(api) == NextAsked()
        if read == "closed before":
            worker.close()
        api.deliver(EVENT)
        if read == "a part":
            worker.recv(10)
        received = b""
        while read == "all" and EVENT.payload not in received:
            received += worker.recv(65536)
        assert not api.has_lost_event
    assert receive(api) == Disconnected()
    assert api.has_lost_event == is_lost


@pytest.mark.parametrize(
    "header", ["Host: evil.example", "Host: localhost\r\nOrigin: null", "Host: localhost\r\nSec-Fetch-Site: cross-site"]
)
@pytest.mark.parametrize("request_line", ["GET invocation/next", "POST invocation/id-1/response", "OPTIONS init/error"])
def test_a_web_page_is_no_worker(api: RuntimeApi, request_line: str, header: str) -> None:
    method, operation = request_line.split(" ")
    host, port = api.address.split(":")
    with socket.create_connection((host, int(port)), timeout=10) as page:
        head = f"{method} /2018-06-01/runtime/{operation} HTTP/1.1\r\n{header}\r\nContent-Length: 2\r\n\r\n"
        page.sendall(head.encode())
        assert receive(api) == Disconnected()
        assert page.recv(65536).startswith(b"HTTP/1.1 403 Forbidden\r\n")
    with pytest.raises(OSError, match="does not wait"):
        api.deliver(EVENT)


def test_it_listens_on_loopback_only(api: RuntimeApi) -> None:
    assert api.address.startswith("127.0.0.1:")
