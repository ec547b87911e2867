import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stepweave.local_cloud.xray.segment import BadSegmentError, Segment, parse_segment, walk
from stepweave.local_cloud.xray.trace import Service, assemble

TRACE = "1-5759e988-bd862e3fe1be46a994272793"


def segment(number: int, parent: int | None = None, *, alone: bool = False, **rest: object) -> Segment:
    made: Segment = {
        "id": f"{number:016x}",
        "trace_id": TRACE,
        "name": f"n{number}",
        "start_time": float(number),
        "end_time": number + 1.0,
        **rest,
    }
    if parent is not None:
        made["parent_id"] = f"{parent:016x}"
    if alone:
        made["type"] = "subsegment"
    return made


@given(st.lists(st.integers(0, 10), min_size=1, max_size=12), st.randoms(use_true_random=False))
def test_subsegments_find_their_places_in_whatever_order_they_come(parents: list[int], order: random.Random) -> None:
    documents = [segment(1)]
    for number, parent in enumerate(parents, start=2):
        documents.append(segment(number, 1 + parent % (number - 1), alone=True))
    order.shuffle(documents)
    trace = assemble(TRACE, documents)
    (root,) = trace.segments
    assert root["id"] == f"{1:016x}"
    inner = {part["id"]: {child["id"] for child in part.get("subsegments", [])} for part in walk(root)}
    assert inner.keys() == {document["id"] for document in documents}
    for document in documents:
        if "parent_id" in document:
            assert document["id"] in inner[document["parent_id"]]


def test_what_is_embedded_is_a_place_too_and_later_documents_replace_earlier_ones() -> None:
    running = segment(1, in_progress=True, subsegments=[segment(2)])
    done = segment(1, end_time=9.0, subsegments=[segment(2)])
    trace = assemble(TRACE, [running, segment(3, 2, alone=True), done])
    assert (len(trace.segments), trace.end, trace.is_partial) == (1, 9.0, False)
    assert [part["id"][-1] for part in walk(trace.segments[0])] == ["1", "2", "3"]


def test_a_subsegment_whose_parent_is_unknown_stands_by_itself() -> None:
    assert len(assemble(TRACE, [segment(1), segment(3, 7, alone=True)]).segments) == 2


def test_assembling_leaves_the_documents_as_they_were() -> None:
    documents = [segment(1), segment(2, 1, alone=True)]
    assert assemble(TRACE, documents) == assemble(TRACE, documents)


def test_what_a_trace_tells() -> None:
    root = segment(1, end_time=4.0, origin="AWS::StepFunctions::StateMachine")
    called = segment(2, 1, end_time=7.0, fault=True, annotations={"task": "a", "n": 2, "odd": [1]})
    trace = assemble(TRACE, [called, root])
    assert (trace.start, trace.end, trace.response_time) == (1.0, 7.0, 3.0)
    assert trace.root["id"] == root["id"]
    assert trace.services == (Service("n1", "AWS::StepFunctions::StateMachine"), Service("n2", ""))
    assert {annotation.key: annotation.value for annotation in trace.annotations()} == {"task": "a", "n": 2}
    assert trace.has("fault")
    assert not trace.has("error")


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("no json", "ParseError"),
        ("[]", "ParseError"),
        ('{"id": "x"}', "InvalidId"),
        ('{"id": "0000000000000001", "trace_id": "1-2-3"}', "InvalidTraceId"),
        (f'{{"id": "0000000000000001", "trace_id": "{TRACE}"}}', "MissingName"),
        (f'{{"id": "0000000000000001", "trace_id": "{TRACE}", "name": "n"}}', "InvalidStartTime"),
        (f'{{"id": "0000000000000001", "trace_id": "{TRACE}", "name": "n", "start_time": 1}}', "MissingEndTime"),
        ('"' + "x" * 65_536 + '"', "SegmentTooLarge"),
    ],
)
def test_documents_that_are_no_segments(text: str, code: str) -> None:
    with pytest.raises(BadSegmentError) as error:
        parse_segment(text)
    assert error.value.code == code
