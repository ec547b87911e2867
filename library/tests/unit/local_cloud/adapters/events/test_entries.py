"""What `PutEvents` refuses, with the defects that the adapter mends."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError, ParamValidationError
from hypothesis import given
from hypothesis import strategies as st

from stepweave.local_cloud.adapters.events.entries import LARGEST_REQUEST, entry_size, event_entries

Client = Callable[[str], Any]
ENTRY = {"Source": "shop", "DetailType": "Sold", "Detail": "{}"}


@pytest.fixture
def entries() -> Iterator[None]:
    with event_entries():
        yield


@pytest.fixture
def events(client: Client) -> Any:
    """A client, and an archive of all that arrives."""
    events = client("events")
    bus = events.describe_event_bus(Name="default")["Arn"]
    events.create_archive(ArchiveName="all", EventSourceArn=bus)
    return events


def arrived(events: Any) -> int:
    return int(events.describe_archive(ArchiveName="all")["EventCount"])


def filled(size: int, **settings: Any) -> dict[str, Any]:
    """An entry of a size in bytes."""
    entry = {**ENTRY, **settings, "Detail": '{"x": ""}'}
    return {**entry, "Detail": json.dumps({"x": "x" * (size - entry_size(entry))})}


@given(
    st.fixed_dictionaries(
        {"Source": st.text(), "DetailType": st.text(), "Detail": st.text()},
        optional={"Resources": st.lists(st.text()), "Time": st.just(1_700_000_000)},
    )
)
def test_the_size_is_that_of_the_text_in_bytes(entry: dict[str, Any]) -> None:
    text = entry["Source"] + entry["DetailType"] + entry["Detail"] + "".join(entry.get("Resources", []))
    assert entry_size(entry) == len(text.encode()) + (14 if "Time" in entry else 0)


@pytest.mark.usefixtures("entries")
def test_a_request_may_be_as_large_as_the_quota_and_no_larger(events: Any) -> None:
    answer = events.put_events(Entries=[filled(LARGEST_REQUEST)])
    assert answer["FailedEntryCount"] == 0
    half = LARGEST_REQUEST // 2
    for too_large in ([filled(LARGEST_REQUEST + 1)], [filled(half), filled(half + 1)]):
        with pytest.raises(ClientError) as refused:
            events.put_events(Entries=too_large)
        assert refused.value.response["Error"] == {
            "Code": "ValidationException",
            "Message": "Total size of the entries in the request is over the limit.",
        }
    assert arrived(events) == 1


@pytest.mark.usefixtures("entries")
def test_a_request_has_one_to_ten_entries(events: Any) -> None:
    assert events.put_events(Entries=[ENTRY] * 10)["FailedEntryCount"] == 0
    with pytest.raises(ClientError, match=r"ValidationException.*less than or equal to 10"):
        events.put_events(Entries=[ENTRY] * 11)
    with pytest.raises((ClientError, ParamValidationError), match="1"):
        events.put_events(Entries=[])
    assert arrived(events) == 10


@pytest.mark.usefixtures("entries")
@pytest.mark.parametrize(
    ("change", "code", "message"),
    [
        ({"Source": ""}, "InvalidArgument", "Parameter Source is not valid. Reason: Source is a required argument."),
        (
            {"DetailType": ""},
            "InvalidArgument",
            "Parameter DetailType is not valid. Reason: DetailType is a required argument.",
        ),
        ({"Detail": ""}, "InvalidArgument", "Parameter Detail is not valid. Reason: Detail is a required argument."),
        ({"Detail": "{"}, "MalformedDetail", "Detail is malformed."),
        ({"Detail": "[1]"}, "MalformedDetail", "Detail is malformed."),
        ({"Detail": '"text"'}, "MalformedDetail", "Detail is malformed."),
        ({"Source": "aws.s3"}, "NotAuthorizedForSourceException", "Not authorized for the source."),
    ],
)
def test_each_entry_has_its_own_error(events: Any, change: dict[str, str], code: str, message: str) -> None:
    answer = events.put_events(Entries=[ENTRY, {**ENTRY, **change}, ENTRY])
    assert answer["FailedEntryCount"] == 1
    assert answer["Entries"][1] == {"ErrorCode": code, "ErrorMessage": message}
    assert all(answer["Entries"][index]["EventId"] for index in (0, 2))
    assert arrived(events) == 2


@pytest.mark.usefixtures("entries")
def test_an_entry_for_no_bus_is_lost_and_the_others_are_not(events: Any) -> None:
    answer = events.put_events(Entries=[ENTRY, {**ENTRY, "EventBusName": "none"}, ENTRY])
    assert answer["FailedEntryCount"] == 0
    assert len({entry["EventId"] for entry in answer["Entries"]}) == 3
    assert arrived(events) == 2


def test_upstream_takes_any_size_and_aws_own_sources(events: Any) -> None:
    answer = events.put_events(Entries=[filled(LARGEST_REQUEST + 1), {**ENTRY, "Source": "aws.s3"}])
    assert answer["FailedEntryCount"] == 0
