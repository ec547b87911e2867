from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.exceptions import ClientError, ConnectTimeoutError, EndpointConnectionError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from stepweave.contract.reference import REFERENCE_KEY
from stepweave.runtime import payload
from stepweave.runtime.context import TaskContext
from stepweave.runtime.errors import InvalidInputError, TransientError
from stepweave.runtime.payload import by_content, offload, resolve

if TYPE_CHECKING:
    from pydantic import JsonValue

CONTEXT = TaskContext("arn:aws:states:us-east-1:123456789012:execution:m:run-1", "task")
names = st.text(st.characters(codec="utf-8"), max_size=4) | st.just(REFERENCE_KEY)
scalars = st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(st.characters(codec="utf-8"), max_size=8)
json_values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=3), max_leaves=8
)


@given(result=json_values, limit=st.integers(1, 60))
@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@pytest.mark.usefixtures("aws")
def test_whatever_a_task_returns_the_next_one_gets(result: JsonValue, limit: int) -> None:
    travels = offload(result, CONTEXT, limit)
    assert resolve({"value": travels}) == {"value": result}
    assert resolve({"list": [travels, 1], "dict": {"a": travels}}) == {"list": [result, 1], "dict": {"a": result}}
    by_reference = isinstance(travels, dict) and REFERENCE_KEY in travels and travels != result
    assert by_reference or len(json.dumps(travels)) <= limit


@pytest.mark.usefixtures("aws")
def test_a_result_longer_than_a_state_may_return_goes_by_reference_whatever_the_limit() -> None:
    assert offload("a" * 1000, CONTEXT, 10**9) == "a" * 1000
    assert REFERENCE_KEY in offload("a" * 256 * 1024, CONTEXT, 10**9)  # type: ignore[operator]


@pytest.mark.usefixtures("aws")
def test_a_result_is_stored_under_its_execution_task_and_digest() -> None:
    reference: Any = offload({"b": 1, "a": "é"}, CONTEXT, 1)
    assert reference == offload({"a": "é", "b": 1}, CONTEXT, 1)
    found = reference[REFERENCE_KEY]
    assert found["key"] == f"results/m/run-1/task/{found['sha256']}.json"
    assert boto3.client("s3").head_object(Bucket="payload", Key=found["key"])["ContentLength"] == found["size"]


@pytest.mark.usefixtures("aws")
def test_references_deeper_than_a_list_or_dict_of_results_are_left_alone() -> None:
    reference: Any = offload("x", CONTEXT, 1)
    deep: dict[str, JsonValue] = {"value": {"field": {"field": reference}}, "list": [[reference]]}
    assert resolve(deep) == deep


def test_content_takes_the_place_of_references_only() -> None:
    reference: Any = {REFERENCE_KEY: {"bucket": "b", "key": "k", "size": 1, "sha256": "abc"}}
    assert by_content({"a": reference, "b": [reference, 1], "c": {"x": 2}}) == {
        "a": {REFERENCE_KEY: "abc"},
        "b": [{REFERENCE_KEY: "abc"}, 1],
        "c": {"x": 2},
    }


def test_a_malformed_reference_is_named() -> None:
    with pytest.raises(InvalidInputError, match=r"input\.values\.1\.stepweave:reference\.sha256"):
        resolve({"values": [1, {REFERENCE_KEY: {"bucket": "b", "key": "k", "size": 1}}]})


class FailingS3:
    """An S3 that answers every call with the same failure."""

    def __init__(self, error: Exception) -> None:
        self.error = error

    def get_object(self, **_: object) -> None:
        raise self.error

    put_object = get_object


def refusal(code: str, status: int) -> ClientError:
    return ClientError({"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": status}}, "GetObject")  # type: ignore[typeddict-item]


@pytest.mark.parametrize(
    ("error", "transient"),
    [
        (refusal("SlowDown", 503), True),
        (refusal("InternalError", 500), True),
        (refusal("ThrottlingException", 400), True),
        (refusal("Whatever", 429), True),
        (EndpointConnectionError(endpoint_url="http://s3"), True),
        (ConnectTimeoutError(endpoint_url="http://s3"), True),
        (refusal("AccessDenied", 403), False),
    ],
)
def test_only_what_another_attempt_may_cure_is_transient(
    monkeypatch: pytest.MonkeyPatch, error: Exception, transient: bool
) -> None:
    monkeypatch.setenv("STEPWEAVE_PAYLOAD_BUCKET", "payload")
    monkeypatch.setattr(payload, "s3", lambda: FailingS3(error))
    reference: Any = {REFERENCE_KEY: {"bucket": "b", "key": "k", "size": 1, "sha256": "abc"}}
    expected = TransientError if transient else type(error)
    with pytest.raises(expected):
        resolve({"value": reference})
    with pytest.raises(expected):
        offload("long", CONTEXT, 1)
