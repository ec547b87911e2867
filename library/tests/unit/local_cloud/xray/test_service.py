import json
import socket
import threading

import pytest

from stepweave.local_cloud.xray.daemon import XRayDaemon
from stepweave.local_cloud.xray.service import XRayService
from stepweave.local_cloud.xray.trace_store import TraceStore

HEADER = b'{"format": "json", "version": 1}\n'


def trace_id(number: int) -> str:
    return f"1-5759e988-{number:024x}"


def document(number: int) -> dict[str, object]:
    return {"id": f"{number:016x}", "trace_id": trace_id(number), "name": "n", "start_time": 1.0, "end_time": 2.0}


def send(address: str, datagram: bytes) -> None:
    host, _, port = address.rpartition(":")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.sendto(datagram, (host, int(port)))


def test_the_daemon_takes_documents_and_listens_on_loopback() -> None:
    received: list[bytes] = []
    arrived = threading.Event()

    def put(document: bytes) -> None:
        received.append(document)
        arrived.set()

    daemon = XRayDaemon(put)
    assert daemon.address.startswith("127.0.0.1:")
    for datagram in (b"no header", b"text\n{}", HEADER + b'{"n": 1}'):
        send(daemon.address, datagram)
    assert arrived.wait(5)
    daemon.close()
    assert received == [b'{"n": 1}']


def test_what_is_sent_is_found_in_the_store() -> None:
    with XRayService() as xray:
        xray.record(document(1))
        send(xray.daemon_address, HEADER + json.dumps(document(2)).encode())
        send(xray.daemon_address, HEADER + b'{"no": "segment"}')
        while xray.store.get(trace_id(2)) is None:
            pass
        assert [trace.trace_id for trace in xray.store.get_all()] == [trace_id(1), trace_id(2)]
    assert list(xray.store.get_all()) == []


def test_the_oldest_traces_are_forgotten() -> None:
    store = TraceStore(traces=3)
    for number in range(5):
        store.put(document(number))
    assert [trace.trace_id for trace in store.get_all()] == [trace_id(number) for number in (2, 3, 4)]


@pytest.mark.parametrize("put", ["put", "put_unread"])
def test_of_one_trace_not_more_is_kept_than_allowed(put: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("stepweave.local_cloud.xray.trace_store.DOCUMENTS_OF_A_TRACE", 3)
    store = TraceStore()
    for number in range(9):
        one = {**document(number), "trace_id": trace_id(0)}
        getattr(store, put)(one if put == "put" else json.dumps(one).encode())
    trace = store.get(trace_id(0))
    assert trace is not None
    assert len(trace.segments) == 3
