import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stepweave.local_cloud.events.event import Event
from stepweave.local_cloud.events.target import InputTransformer, Target
from stepweave.local_cloud.events.target_input import InvalidInputError, target_input, value_at

ARN = "arn:aws:sqs:us-east-1:123456789012:q"
EVENT = Event(
    source="shop",
    detail_type="Order Placed",
    detail={"id": "o-1", "items": [{"sku": "a"}, {"sku": 'b"2'}], "total": 12.5, "paid": True},
    account="123456789012",
    region="us-east-1",
    resources=("arn:x",),
    id="7c2f5b7e-0000-4000-8000-000000000000",
    at=1_700_000_000.9,
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


def made(target: Target, event: Event = EVENT) -> str:
    return target_input(target, event, "rule", "arn:rule")


def transformed(template: str, event: Event = EVENT, **paths: str) -> str:
    return made(Target(ARN, input_transformer=InputTransformer(paths, template)), event)


def test_the_whole_event_has_awss_envelope() -> None:
    assert json.loads(made(Target(ARN))) == {
        "version": "0",
        "id": EVENT.id,
        "detail-type": "Order Placed",
        "source": "shop",
        "account": "123456789012",
        "time": "2023-11-14T22:13:20Z",
        "region": "us-east-1",
        "resources": ["arn:x"],
        "detail": EVENT.detail,
    }


def test_a_constant_and_a_part() -> None:
    assert made(Target(ARN, input='{"n": 1}')) == '{"n": 1}'
    assert made(Target(ARN, input_path="$.detail.total")) == "12.5"
    assert made(Target(ARN, input_path="$.detail-type")) == '"Order Placed"'
    assert made(Target(ARN, input_path="$.detail.nothing")) == "null"


@pytest.mark.parametrize(
    ("path", "value"),
    [("$.detail.items[1].sku", 'b"2'), ("$['source']", "shop"), ("$.resources[0]", "arn:x"), ("$", EVENT.to_json())],
)
def test_paths(path: str, value: object) -> None:
    assert value_at(EVENT.to_json(), path) == value


def test_a_template_of_json_quotes_texts_and_inserts_everything_else_as_json() -> None:
    text = transformed(
        '{"order": <id>, "says": "<id> costs <total>", "items": <items>, "sku": "<sku>", "none": <none>}',
        id="$.detail.id",
        total="$.detail.total",
        items="$.detail.items",
        sku="$.detail.items[1].sku",
        none="$.detail.none",
    )
    assert json.loads(text) == {
        "order": "o-1",
        "says": "o-1 costs 12.5",
        "items": EVENT.detail["items"],
        "sku": 'b"2',
        "none": "",
    }


def test_a_template_of_text() -> None:
    assert transformed("order <id> of <other>", id="$.detail.id") == "order o-1 of <other>"
    assert transformed('"order <id>"', id="$.detail.id") == '"order o-1"'


def test_what_every_template_knows() -> None:
    text = transformed('{"rule": <aws.events.rule-name>, "arn": "<aws.events.rule-arn>", "e": <aws.events.event.json>}')
    assert json.loads(text) == {"rule": "rule", "arn": "arn:rule", "e": EVENT.to_json()}
    assert "detail" not in json.loads(transformed('{"e": <aws.events.event>}'))["e"]


def test_a_template_that_does_not_make_json_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="does not make JSON"):
        transformed('{"order": <id>', id="$.detail.id")


@given(JSON)
def test_any_value_survives_a_template(value: object) -> None:
    event = Event("s", "t", {"value": value}, "1", "r")
    text = transformed('{"value": <value>, "quoted": "<value>"}', event, value="$.detail.value")
    parsed = json.loads(text)
    assert parsed["value"] == value
    assert parsed["quoted"] == value if isinstance(value, str) else json.loads(parsed["quoted"]) == value
