"""Answers are written as they are, and read as upstream's would be."""

import datetime
import json
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from moto.core.responses import ActionResult
from moto.core.serialize import get_serializer_class
from moto.core.utils import get_service_model

from stepweave.local_cloud.adapters.plain_answers import PlainAnswer

MODEL = get_service_model("stepfunctions")
DATES = st.integers(10**9, 4 * 10**12).map(
    lambda microseconds: (
        datetime.datetime(2001, 1, 1, tzinfo=datetime.UTC) + datetime.timedelta(microseconds=microseconds * 1001)
    )
)
ANSWERS = st.fixed_dictionaries(
    {"executionArn": st.text(), "startDate": DATES},
    optional={"stopDate": st.none() | DATES, "outputDetails": st.fixed_dictionaries({"included": st.booleans()})},
)


def content(answer: ActionResult, operation: str) -> Any:
    context = SimpleNamespace(
        service_model=MODEL,
        operation_model=MODEL.operation_model(operation),
        serializer_class=get_serializer_class("stepfunctions", "json"),
        response=None,
    )
    status, headers, body = answer.execute_result(context)
    assert status == 200
    assert headers["Content-Type"] == "application/x-amz-json-1.0"
    return json.loads(body)


@given(answer=ANSWERS)
def test_an_answer_is_what_upstream_writes(answer: dict[str, Any]) -> None:
    plain, upstream = (content(kind(answer), "DescribeExecution") for kind in (PlainAnswer, ActionResult))
    for name in ("startDate", "stopDate"):  # upstream may or may not round
        assert (name in plain) is (name in upstream)
        if name in plain:
            assert plain.pop(name) == pytest.approx(float(upstream.pop(name)), abs=1)
    assert plain == upstream


@given(moment=DATES)
def test_times_are_cut_to_milliseconds(moment: datetime.datetime) -> None:
    written = content(PlainAnswer({"startDate": moment}), "StartExecution")["startDate"]
    assert round(written * 1000) == int(moment.timestamp()) * 1000 + moment.microsecond // 1000


def test_events_keep_their_members_but_those_that_are_none() -> None:
    moment = datetime.datetime(2026, 1, 2, tzinfo=datetime.UTC)
    event = {"timestamp": moment, "type": "FailStateEntered", "id": 1, "executionFailedEventDetails": {"error": "E"}}
    with_none = {**event, "executionFailedEventDetails": {"error": "E", "cause": None}}
    written = content(PlainAnswer({"events": [with_none], "nextToken": None, "more": 1}), "GetExecutionHistory")
    assert written == {"events": [{**event, "timestamp": moment.timestamp()}]}
