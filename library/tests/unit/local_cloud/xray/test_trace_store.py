"""What was recorded is kept as it was, and read when somebody asks for it."""

import json
import time
from typing import Any

import pytest

from stepweave.local_cloud.xray.trace_store import TraceStore

TRACE = "1-5759e988-bd862e3fe1be46a994272793"


def segment(identity: int) -> dict[str, Any]:
    return {"id": f"{identity:016x}", "trace_id": TRACE, "name": "s", "start_time": 1.0, "end_time": 2.0}


def ids(store: TraceStore) -> list[str]:
    trace = store.get(TRACE)
    assert trace is not None
    return sorted(each["id"] for each in trace.segments)


@pytest.mark.parametrize("pause", [0.0, 0.06])
def test_nothing_is_lost_whenever_it_is_read(pause: float) -> None:
    store = TraceStore()
    for identity in range(4):
        store.put(segment(identity))
        store.put_unread(json.dumps(segment(10 + identity)).encode())
        time.sleep(pause)
    assert ids(store) == sorted(segment(each)["id"] for each in (0, 1, 2, 3, 10, 11, 12, 13))


def test_of_too_many_traces_the_oldest_are_forgotten() -> None:
    store = TraceStore(traces=2)
    for trace in range(4):
        store.put({**segment(trace), "trace_id": f"1-5759e988-{trace:024x}"})
    assert [each.segments[0]["id"] for each in store.get_all()] == [segment(2)["id"], segment(3)["id"]]


def test_what_is_no_segment_is_dropped() -> None:
    store = TraceStore()
    store.put_unread(b"{}")
    store.put_unread(b"no JSON")
    store.put(segment(1))
    assert ids(store) == [segment(1)["id"]]


def test_what_is_cleared_is_forgotten() -> None:
    store = TraceStore()
    store.put(segment(1))
    store.clear()
    assert store.get(TRACE) is None
    assert not list(store.get_all())
