"""What a web page in a browser on this machine can do to a local cloud: nothing, at any of its sockets."""

import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import boto3
import pytest
from botocore.config import Config

from stepweave.local_cloud.cloud import LocalCloud

from .conftest import ROLE, WriteAssembly, function
from .open_sockets import OpenSocket, open_sockets

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="sockets are listed by /proc")

WAITS = """
import pathlib, time
def handler(event, context):
    pathlib.Path(event["begun"]).touch()
    while not pathlib.Path(event["end"]).exists():
        time.sleep(0.01)
    return "done"
"""
FORM = b"Action=CreateQueue&QueueName=made-by-a-page&Version=2012-11-05"


def page_requests(port: int) -> dict[str, tuple[str, bytes]]:
    """What browsers send for what a page of evil.example does, by what that is: the head's lines, and the body."""
    us, evil = f"localhost:{port}", "Origin: http://evil.example"
    preflight = "Access-Control-Request-Method: POST\nAccess-Control-Request-Headers: x-amz-target"
    upgrade = "Connection: Upgrade\nUpgrade: websocket\nSec-WebSocket-Version: 13\nSec-WebSocket-Key: AAAA"
    fetch = "Sec-Fetch-Site: cross-site\nSec-Fetch-Mode: no-cors"
    rebound = f"evil.example:{port}"
    return {
        "simple request": (f"POST / HTTP/1.1\nHost: {us}\n{evil}\nContent-Type: text/plain", b'{"QueueName": "p"}'),
        "form": (f"POST / HTTP/1.1\nHost: {us}\n{evil}\nContent-Type: application/x-www-form-urlencoded", FORM),
        "form in a frame": (f"POST / HTTP/1.1\nHost: {us}\nOrigin: null\nContent-Type: text/plain", b"{}"),
        "form of another port": (f"POST / HTTP/1.1\nHost: {us}\nOrigin: http://localhost:3000", FORM),
        "beacon": (f"POST / HTTP/1.1\nHost: {us}\n{evil}\n{fetch}\nContent-Type: text/plain", FORM),
        "image": (f"GET /?{FORM.decode()} HTTP/1.1\nHost: {us}\n{fetch}", b""),
        "link": (f"GET /?{FORM.decode()} HTTP/1.1\nHost: {us}\nSec-Fetch-Site: cross-site\nSec-Fetch-User: ?1", b""),
        "preflight": (f"OPTIONS / HTTP/1.1\nHost: {us}\n{evil}\n{preflight}", b""),
        "preflight into a private network": (
            f"OPTIONS / HTTP/1.1\nHost: {us}\n{evil}\n{preflight}\nAccess-Control-Request-Private-Network: true",
            b"",
        ),
        "request after a preflight": (
            f"POST / HTTP/1.1\nHost: {us}\n{evil}\nX-Amz-Target: AmazonSQS.ListQueues",
            b"{}",
        ),
        "delete": (f"DELETE /bucket HTTP/1.1\nHost: {us}\n{evil}", b""),
        "WebSocket": (f"GET / HTTP/1.1\nHost: {us}\n{evil}\n{upgrade}", b""),
        "WebSocket by rebinding": (f"GET / HTTP/1.1\nHost: {rebound}\nOrigin: http://{rebound}\n{upgrade}", b""),
        "rebinding": (f"POST / HTTP/1.1\nHost: {rebound}\nOrigin: http://{rebound}\nSec-Fetch-Site: same-origin", FORM),
        "rebinding, reading": (f"GET / HTTP/1.1\nHost: {rebound}\nSec-Fetch-Site: same-origin", b""),
        "rebinding, default port": ("GET / HTTP/1.1\nHost: evil.example", b""),
        "rebinding, trailing dot": (f"GET / HTTP/1.1\nHost: evil.example.:{port}", b""),
        "any address": (f"POST / HTTP/1.1\nHost: 0.0.0.0:{port}\nOrigin: http://0.0.0.0:{port}", FORM),
        "health": (f"GET /_stepweave/health HTTP/1.1\nHost: {us}\n{evil}", b""),
        "worker's next event": (f"GET /2018-06-01/runtime/invocation/next HTTP/1.1\nHost: {us}\n{evil}", b""),
    }


def answer_to(port: int, head: str, body: bytes) -> bytes:
    with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
        lines = [*head.split("\n"), f"Content-Length: {len(body)}"]
        connection.sendall("\r\n".join(lines).encode() + b"\r\n\r\n" + body)
        answer = b""
        while received := connection.recv(65536):
            answer += received
        return answer


@pytest.fixture(scope="module")
def busy(cloud: LocalCloud, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[Path], None]]:
    """Deploys a function and has it run until the end of the module, so that all sockets are open and served."""
    folder = tmp_path_factory.mktemp("busy")
    begun, end = folder / "begun", folder / "end"
    calls: list[threading.Thread] = []

    def begin(assembly: Path) -> None:
        if calls:
            return
        cloud.deploy(assembly)
        client = cloud.session().client("lambda", config=Config(read_timeout=120))
        payload = f'{{"begun": "{begun}", "end": "{end}"}}'
        calls.append(threading.Thread(target=client.invoke, kwargs={"FunctionName": "waits", "Payload": payload}))
        calls[0].start()
        while not begun.exists():
            threading.Event().wait(0.01)

    yield begin
    end.touch()
    for call in calls:
        call.join()


@pytest.fixture
def sockets(write_assembly: WriteAssembly, busy: Callable[[Path], None]) -> set[OpenSocket]:
    waits = function("waits", "code")
    waits["Properties"]["Timeout"] = 120
    busy(write_assembly({"Busy": {"Resources": {"Role": ROLE, "F": waits}}}, {"code": WAITS}))
    return open_sockets()


def test_all_sockets_are_on_loopback(sockets: set[OpenSocket], cloud: LocalCloud) -> None:
    assert all(each.host.is_loopback for each in sockets), sockets
    ports = {each.port for each in sockets if each.protocol == "tcp"}
    assert port_of(cloud) in ports
    assert len(ports) == 2, "the services, and the Runtime API of the one worker"
    assert {each.protocol for each in sockets} == {"tcp", "udp"}


def port_of(cloud: LocalCloud) -> int:
    return int(cloud.endpoint_url.rpartition(":")[2])


@pytest.mark.parametrize("act", page_requests(0))
def test_a_page_is_refused_at_every_socket(sockets: set[OpenSocket], act: str) -> None:
    listening = [each.port for each in sockets if each.protocol == "tcp"]
    assert len(listening) > 1
    for port in listening:
        answer = answer_to(port, *page_requests(port)[act])
        assert answer.startswith(b"HTTP/1.1 403 Forbidden\r\n")
        assert b"access-control" not in answer.lower()


def test_a_page_has_done_nothing(cloud: LocalCloud) -> None:
    assert "QueueUrls" not in cloud.session().client("sqs").list_queues()


def test_what_is_sent_to_the_daemon_harms_nobody(sockets: set[OpenSocket], cloud: LocalCloud) -> None:
    now = time.time()
    datagrams = (
        b"",
        b"\n",
        b"\xff",
        b"{}\n{",
        b"{}\n" + b"[" * 50_000,
        b"POST / HTTP/1.1\r\nHost: x\r\n\r\n{}",
        b"{}\n{}",
    )
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        for each in sockets:
            for datagram in datagrams if each.protocol == "udp" else ():
                sender.sendto(datagram, (str(each.host), each.port))
    xray = cloud.session().client("xray")
    assert xray.get_trace_summaries(StartTime=now - 3600, EndTime=now + 60)["TraceSummaries"] == []


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
def test_programs_are_served(cloud: LocalCloud, host: str) -> None:
    endpoint_url = f"http://{host}:{port_of(cloud)}"
    user = boto3.Session(aws_access_key_id="x", aws_secret_access_key="x", region_name="us-east-1")
    assert user.client("sts", endpoint_url=endpoint_url).get_caller_identity()["Account"] == "123456789012"
    s3 = user.client("s3", endpoint_url=endpoint_url)
    s3.create_bucket(Bucket="dotted.bucket")
    s3.put_object(Bucket="dotted.bucket", Key="page.html", Body=b"<script>", ContentType="text/html")
    assert s3.get_object(Bucket="dotted.bucket", Key="page.html")["Body"].read() == b"<script>"


def test_a_bucket_may_be_named_in_the_host(cloud: LocalCloud) -> None:
    s3 = cloud.session().client("s3")
    s3.create_bucket(Bucket="virtual")
    head = f"PUT /key HTTP/1.1\nHost: virtual.localhost:{port_of(cloud)}\nConnection: close"
    assert answer_to(port_of(cloud), head, b"value").startswith(b"HTTP/1.1 200 ")
    assert s3.get_object(Bucket="virtual", Key="key")["Body"].read() == b"value"


def test_answers_grant_nothing_to_pages(cloud: LocalCloud) -> None:
    for head in ("GET / HTTP/1.1", "OPTIONS / HTTP/1.1", "GET /nothing HTTP/1.1", "GET /_stepweave/health HTTP/1.1"):
        answer = answer_to(port_of(cloud), f"{head}\nHost: localhost\nConnection: close", b"").lower()
        assert b"access-control" not in answer
        assert b"content-security-policy: sandbox" in answer
        assert not answer.startswith((b"http/1.1 403", b"http/1.1 5"))


ODD_HOSTS = (
    "bucket.localhost",
    "a.b.localhost:1",
    "s3.localhost",
    "s3-control.localhost",
    "sqs.us-east-1.localhost:80",
    "xn--bcher-kva.localhost",
    "_._.localhost",
    "[::1]:65535",
    "127.255.255.254",
    "x" * 60 + ".localhost",
)


@pytest.mark.parametrize("host", ODD_HOSTS)
@pytest.mark.parametrize("request_line", ["GET /", "POST /", "PUT /", "DELETE /", "HEAD /", "OPTIONS /", "GET /key"])
def test_odd_names_of_this_machine_are_answered(cloud: LocalCloud, host: str, request_line: str) -> None:
    head = f"{request_line} HTTP/1.1\nHost: {host}\nConnection: close"
    assert int(answer_to(port_of(cloud), head, b"")[9:12]) < 500
