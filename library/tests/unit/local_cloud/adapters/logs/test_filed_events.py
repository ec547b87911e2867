import time

from moto.logs.models import logs_backends

from stepweave.local_cloud.account import ACCOUNT_ID, REGION
from stepweave.local_cloud.adapters.logs.filed_events import filed_log_events
from tests.unit.local_cloud.adapters.conftest import Client


def put_and_read(client: Client, now: int) -> object:
    logs = client("logs")
    logs.create_log_group(logGroupName="group")
    logs.create_log_stream(logGroupName="group", logStreamName="stream")
    for start in (now, now - 500):
        events = [{"timestamp": start + number, "message": f"line {number} \u20ac"} for number in range(3)]
        logs.put_log_events(logGroupName="group", logStreamName="stream", logEvents=events)
    about = {"logGroupName": "group", "logStreamName": "stream"}
    read = logs.get_log_events(**about, startFromHead=True)["events"]
    found = logs.filter_log_events(logGroupName="group", filterPattern="2")["events"]
    assert len({event["eventId"] for event in found}) == len(found)
    [stream] = logs.describe_log_streams(logGroupName="group")["logStreams"]
    return (
        [(event["timestamp"], event["message"]) for event in read],
        [event["message"] for event in found],
        [stream[name] for name in ("firstEventTimestamp", "lastEventTimestamp", "storedBytes")],
    )


def test_what_is_read_is_what_upstream_reads(client: Client) -> None:
    now = int(time.time() * 1000)
    upstream = put_and_read(client, now)
    client("logs").delete_log_group(logGroupName="group")
    with filed_log_events():
        assert put_and_read(client, now) == upstream


def test_upstream_still_keeps_events_in_a_list(client: Client) -> None:
    put_and_read(client, int(time.time() * 1000))
    [stream] = logs_backends[ACCOUNT_ID][REGION].groups["group"].streams.values()
    assert isinstance(stream.events, list)
