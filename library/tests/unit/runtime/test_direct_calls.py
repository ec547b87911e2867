"""Calls of DynamoDB against a server that stands for it, which says which way a call came."""

import http.server
import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest
from botocore import auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials
from botocore.exceptions import ClientError

from stepweave.runtime.direct_calls import DirectCalls
from stepweave.runtime.kept_connections import KeptConnections


class FakeDynamoDB(http.server.ThreadingHTTPServer):
    """Answers from a list, and with an empty success when that is used up."""

    request_queue_size = 64  # who finds no place in the queue tries again after a second: too late for these clients

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answers: list[tuple[int, dict[str, Any]] | None] = []
        self.calls: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self.connections: set[Any] = set()
        self.closes = False


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: FakeDynamoDB

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.calls.append(json.loads(body))
        self.server.headers.append({name.lower(): value for name, value in self.headers.items()})
        self.server.connections.add(self.client_address)
        answer = self.server.answers.pop(0) if self.server.answers else (200, {})
        if answer is None:  # the connection breaks
            self.close_connection = True
            return
        content = json.dumps(answer[1]).encode()
        self.send_response(answer[0])
        self.send_header("Content-Type", "application/x-amz-json-1.0")
        self.send_header("x-amzn-RequestId", "id")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)
        self.close_connection = self.server.closes

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def service() -> Iterator[FakeDynamoDB]:
    with FakeDynamoDB() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


class Client:
    """A client whose calls are sent directly, and how many of them botocore sent itself."""

    def __init__(self, port: int) -> None:
        session = boto3.Session(aws_access_key_id="key", aws_secret_access_key="secret", aws_session_token="token")
        self.dynamodb = session.client(
            "dynamodb",
            region_name="us-east-1",
            endpoint_url=f"http://localhost:{port}",
            config=Config(retries={"mode": "standard", "total_max_attempts": 2}, connect_timeout=1, read_timeout=5),
        )
        self.by_botocore = 0
        self.dynamodb.meta.events.register("before-send.dynamodb", self._count)
        DirectCalls(KeptConnections(1, 5)).attach(self.dynamodb)

    def _count(self, **_: Any) -> None:
        self.by_botocore += 1


@pytest.fixture
def client(service: FakeDynamoDB) -> Client:
    return Client(service.server_port)


def test_a_success_is_that_of_botocore(service: FakeDynamoDB, client: Client) -> None:
    item = {"id": {"S": "ü"}, "blob": {"B": "AP8="}, "list": {"L": [{"N": "1"}, {"BOOL": True}]}}
    service.answers = [(200, {"Item": item, "Unknown": 1})]
    answer: Any = client.dynamodb.get_item(TableName="t", Key={"id": {"S": "ü"}})
    assert answer.pop("ResponseMetadata")["RequestId"] == "id"
    assert answer == {"Item": {**item, "blob": {"B": b"\x00\xff"}}}
    assert service.calls == [{"TableName": "t", "Key": {"id": {"S": "ü"}}}]
    assert service.headers[0]["x-amz-target"] == "DynamoDB_20120810.GetItem"
    assert service.headers[0]["x-amz-security-token"] == "token"
    assert client.by_botocore == 0


def test_what_others_say_of_a_call_is_sent_too(service: FakeDynamoDB, client: Client) -> None:
    def say(params: Any, **_: Any) -> None:
        params["headers"]["X-Amz-Said"] = "by another"

    client.dynamodb.meta.events.register_first("before-call.dynamodb", say)
    client.dynamodb.scan(TableName="t")
    assert service.headers[0]["x-amz-said"] == "by another"
    assert "x-amz-said" in service.headers[0]["authorization"]
    assert client.by_botocore == 0


def test_what_arrives_is_what_was_signed(
    service: FakeDynamoDB, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    moment = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    monkeypatch.setattr(auth, "get_current_datetime", lambda: moment)
    client.dynamodb.scan(TableName="ü")
    received = service.headers[0]
    signed = received["authorization"].partition("SignedHeaders=")[2].partition(",")[0].split(";")
    assert {"content-type", "host", "x-amz-date", "x-amz-security-token", "x-amz-target"} <= set(signed)
    request = AWSRequest(
        "POST",
        f"http://{received['host']}/",
        {name: received[name] for name in signed},
        json.dumps(service.calls[0]).encode(),
    )
    auth.SigV4Auth(Credentials("key", "secret", "token"), "dynamodb", "us-east-1").add_auth(request)
    assert request.headers["authorization"] == received["authorization"]
    assert client.by_botocore == 0


def test_a_connection_is_kept(service: FakeDynamoDB, client: Client) -> None:
    for _ in range(3):
        client.dynamodb.scan(TableName="t")
    assert len(service.connections) == 1


def test_no_call_is_lost_where_the_server_closes_connections(service: FakeDynamoDB, client: Client) -> None:
    service.closes = True
    for _ in range(3):
        client.dynamodb.scan(TableName="t")
    assert len(service.connections) == len(service.calls) == 3


def test_an_error_is_that_of_botocore(service: FakeDynamoDB, client: Client) -> None:
    failed = {"__type": "x#ConditionalCheckFailedException", "message": "no", "Item": {"id": {"S": "a"}}}
    service.answers = [(400, failed), (400, failed)]
    with pytest.raises(client.dynamodb.exceptions.ConditionalCheckFailedException) as raised:
        client.dynamodb.put_item(TableName="t", Item={"id": {"S": "a"}})
    assert dict(raised.value.response)["Item"] == {"id": {"S": "a"}}
    assert client.by_botocore == 1


@pytest.mark.parametrize("trouble", [None, (500, {}), (400, {"__type": "x#ThrottlingException"})])
def test_what_goes_wrong_is_tried_again_by_botocore(
    service: FakeDynamoDB, client: Client, trouble: tuple[int, dict[str, Any]] | None
) -> None:
    service.answers = [trouble, trouble, (200, {"Count": 7})]
    assert client.dynamodb.scan(TableName="t")["Count"] == 7
    assert client.by_botocore == 2


def test_botocore_gives_up_as_it_would(service: FakeDynamoDB, client: Client) -> None:
    service.answers = [(500, {})] * 5
    with pytest.raises(ClientError):
        client.dynamodb.scan(TableName="t")
    assert len(service.calls) == 3


def test_a_proxy_is_left_to_botocore(service: FakeDynamoDB, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "localhost")
    monkeypatch.setenv("HTTPS_PROXY", "http://localhost:1")
    client = Client(service.server_port)
    client.dynamodb.scan(TableName="t")
    assert client.by_botocore == 1


def test_many_threads_may_call_at_once(service: FakeDynamoDB, client: Client) -> None:
    threads = [threading.Thread(target=client.dynamodb.scan, kwargs={"TableName": str(n)}) for n in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(call["TableName"] for call in service.calls) == sorted(str(n) for n in range(20))
    assert client.by_botocore == 0
