"""Whatever is sent to a local cloud is answered: never by an error of the server, a closed connection, a traceback."""

from __future__ import annotations

import json
import logging
import random
import re
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any, Final

import pytest

from stepweave.local_cloud.cloud import LocalCloud

REQUESTS: Final = 60
ODD: Final[tuple[Any, ...]] = (None, True, -1, 1e308, 10**30, "", "\0", [], {}, [[]], {"a": 1}, "x" * 2000, "{", "arn:")
BYTES: Final = (b"\xff", b"\0", b"%", b"%ff", b"%00", b"&", b"=", b"<", b"{", b"]", b"\r\n", b"/", b"?", b"[", b"..")
HEADERS: Final = (
    ("Content-Encoding", "gzip"),
    ("Content-Encoding", "aws-chunked"),
    ("Range", "bytes=9-1"),
    ("x-amz-content-sha256", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"),
    ("x-amz-copy-source", "%"),
    ("x-amz-tagging", "a=b&c&=&%ff"),
    ("x-amz-meta-a", "\xff"),
    ("X-Amz-Date", "x"),
    ("Content-Type", "multipart/form-data"),
    ("Content-Type", "application/xml"),
    ("Host", "[::1"),
    ("Cookie", "\xff=;"),
)
FRAMINGS: Final = (
    [("Content-Length", "-1")],
    [("Content-Length", "+1")],
    [("Content-Length", "1_0")],
    [("Content-Length", "9" * 30)],
    [("Content-Length", "999999999999")],
    [("Content-Length", "1000")],
    [("Content-Length", "1"), ("Content-Length", "2")],
    [("Transfer-Encoding", "chunked")],
    [("Transfer-Encoding", "gzip")],
    [("Transfer-Encoding", "chunked"), ("Content-Length", "1")],
)
DEEP: Final = (b"[" * 100_000, b'{"a":' * 100_000 + b"1" + b"}" * 100_000, b"<a>" * 50_000)
XML: Final = (b"<a>", b"<a/>", b"<Delete/>", b"\xff<a/>", b"<?xml version='1.0' encoding='x'?><a/>", b"<Tagging/>")


@dataclass(frozen=True)
class Request:
    """A request, and whether its length is told as it is."""

    service: str
    body: bytes = b""
    headers: tuple[tuple[str, str], ...] = ()
    target: str = "/"
    method: str = "POST"
    framing: tuple[tuple[str, str], ...] | None = None

    def bytes(self) -> bytes:
        framing = (("Content-Length", str(len(self.body))),) if self.framing is None else self.framing
        names = {name for name, _ in self.headers}
        scope = f"Credential=local/20260101/us-east-1/{self.service}/aws4_request"
        about = (
            ("Host", "localhost"),
            ("Authorization", f"AWS4-HMAC-SHA256 {scope}, SignedHeaders=host, Signature=00"),
        )
        lines = [f"{self.method} {self.target} HTTP/1.1"]
        lines += [f"{n}: {v}" for n, v in (*(each for each in about if each[0] not in names), *self.headers, *framing)]
        return "\r\n".join(lines).encode("latin-1", "replace") + b"\r\n\r\n" + self.body


def json_call(service: str, target: str, **members: Any) -> Request:
    kind = ("Content-Type", "application/x-amz-json-1.0")
    return Request(service, json.dumps(members).encode(), (("X-Amz-Target", target), kind))


def form_call(service: str, body: str) -> Request:
    return Request(service, body.encode(), (("Content-Type", "application/x-www-form-urlencoded; charset=utf-8"),))


KEY: Final = {"AttributeName": "id", "KeyType": "HASH"}
CALLS: Final = (
    json_call(
        "dynamodb",
        "DynamoDB_20120810.CreateTable",
        TableName="t",
        KeySchema=[KEY],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    ),
    json_call("dynamodb", "DynamoDB_20120810.PutItem", TableName="t", Item={"id": {"S": "a"}}),
    json_call("sqs", "AmazonSQS.CreateQueue", QueueName="q"),
    json_call("events", "AWSEvents.PutEvents", Entries=[{"Source": "a", "DetailType": "b", "Detail": "{}"}]),
    json_call("logs", "Logs_20140328.CreateLogGroup", logGroupName="g"),
    form_call("sns", "Action=CreateTopic&Version=2010-03-31&Name=t"),
    form_call("iam", "Action=CreateRole&Version=2010-05-08&RoleName=r&AssumeRolePolicyDocument=%7B%7D"),
    form_call("sts", "Action=GetCallerIdentity&Version=2011-06-15"),
    Request("s3", method="PUT", target="/bucket"),
    Request("s3", b"body", method="PUT", target="/bucket/key"),
    Request("s3", method="GET", target="/bucket/key"),
    Request("s3", method="GET", target="/bucket?list-type=2&max-keys=3"),
    Request("s3", b"<Delete><Object><Key>k</Key></Object></Delete>", target="/bucket?delete"),
    Request("s3", b"<Tagging><TagSet/></Tagging>", method="PUT", target="/bucket?tagging"),
    Request("s3", b"<CompleteMultipartUpload/>", target="/bucket/key?uploadId=x"),
    Request("xray", b'{"StartTime": 1, "EndTime": 2}', target="/TraceSummaries"),
    Request("lambda", method="GET", target="/2015-03-31/functions/"),
    Request("none", method="GET", target="http://[::1"),
)


def changed_json(chance: random.Random, value: Any) -> Any:
    if isinstance(value, dict | list) and value and chance.random() < 0.8:
        places = list(value) if isinstance(value, dict) else range(len(value))
        place = chance.choice(list(places))
        if chance.random() < 0.2:
            del value[place]
        else:
            value[place] = changed_json(chance, value[place])
        return value
    return chance.choice(ODD)


def changed_bytes(chance: random.Random, value: bytes) -> bytes:
    changed = bytearray(value)
    for _ in range(chance.choice([1, 2, 5])):
        at = chance.randrange(len(changed) + 1)
        if chance.random() < 0.5:
            changed[at:at] = chance.choice(BYTES)
        else:
            del changed[at : at + chance.choice([1, 3, 10])]
    return bytes(changed)


def with_json(chance: random.Random, request: Request) -> Request:
    if not request.body.startswith(b"{"):
        return replace(request, body=changed_bytes(chance, request.body))
    return replace(request, body=json.dumps(changed_json(chance, json.loads(request.body))).encode())


def with_target(chance: random.Random, request: Request) -> Request:
    return replace(request, target=changed_bytes(chance, request.target.encode()).decode("latin-1"))


def with_headers(chance: random.Random, request: Request) -> Request:
    headers = [(name, changed_bytes(chance, value.encode()).decode("latin-1")) for name, value in request.headers]
    return replace(request, headers=tuple(chance.choice([headers, [*request.headers, chance.choice(HEADERS)]])))


CHANGES: Final[tuple[Callable[[random.Random, Request], Request], ...]] = (
    with_json,
    with_json,
    with_target,
    with_headers,
    lambda chance, request: replace(request, body=changed_bytes(chance, request.body)),
    lambda chance, request: replace(request, body=chance.choice([*DEEP, *XML])),
    lambda chance, request: replace(request, framing=tuple(chance.choice(FRAMINGS))),
    lambda chance, request: replace(
        request, method=chance.choice(["DELETE", "PATCH", "HEAD", "FOO", "PUT", "OPTIONS"])
    ),
    lambda chance, request: replace(request, service=chance.choice(["x", "", "s3/", "sq\xffs", "states"])),
)


def answer(port: int, request: bytes) -> bytes:
    with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
        try:
            connection.sendall(request)
            connection.shutdown(socket.SHUT_WR)
        except OSError:
            pass  # it has been answered already
        with connection.makefile("rb") as answered:
            return answered.readline()


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    with LocalCloud.start() as cloud:
        port = int(cloud.endpoint_url.rpartition(":")[2])
        for call in CALLS:
            answer(port, call.bytes())
        yield port


@pytest.mark.parametrize("seed", range(5))
def test_it_is_answered(
    port: int, seed: int, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    dropped: list[object] = []
    monkeypatch.setattr(threading, "excepthook", dropped.append)
    chance = random.Random(seed)
    for _ in range(REQUESTS):
        request = chance.choice(CHANGES)(chance, chance.choice(CALLS)).bytes()
        line = answer(port, request)
        # 501 says by name what the local cloud cannot do, and the log why, if the request is one of the API's.
        is_named = b" 501 " in line
        problems = [each.getMessage() for each in caplog.records if each.levelno >= logging.ERROR and not is_named]
        caplog.clear()
        assert re.match(rb"HTTP/1\.1 ([234]\d\d|501) ", line), (line, request[:1000], problems)
        assert (dropped, problems) == ([], []), request[:1000]


@pytest.mark.parametrize("target", ["http://[::1", "http://", "http://localhost:x/", "http://[", "localhost", "\xff"])
def test_a_target_that_is_none_gets_400(port: int, target: str) -> None:
    assert answer(port, Request("s3", method="GET", target=target).bytes()).startswith(b"HTTP/1.1 400 ")
