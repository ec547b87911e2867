"""Updates that only set whole attributes set what they set without the adapter, at less cost."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from moto.dynamodb.exceptions import ItemSizeToUpdateTooLarge
from moto.dynamodb.models import DynamoDBBackend
from moto.dynamodb.parsing.ast_nodes import DepthFirstTraverser

from stepweave.local_cloud.account import ACCOUNT_ID, REGION
from stepweave.local_cloud.adapters.dynamodb.sets import dynamodb_sets

BEFORE = {"id": {"S": "x"}, "a": {"N": "1"}, "b": {"S": "old"}}
# The key of the table and of an index, a name that does not exist, and one that holds a dot.
ATTRIBUTES = st.sampled_from(["id", "by", "a", "b", "new", "d.t"])
VALUES = st.sampled_from([{"S": "text"}, {"N": "2"}, {"M": {"k": {"S": "v"}}}, {"L": [{"NULL": True}]}, {"S": ""}])


def update(expression: str, names: dict[str, str], values: dict[str, Any], key: str = "x") -> Any:
    """Update an item of a fresh table; return what is in it then, or what was answered instead."""
    backend = table_with_item()
    try:
        backend.update_item("t", {"id": {"S": key}}, expression, names, values)
    except Exception as error:  # noqa: BLE001 - whatever upstream says
        return type(error), str(error)
    held = {item: backend.get_item("t", {"id": {"S": item}}) for item in ("x", key)}
    return {item: value.to_json()["Attributes"] for item, value in held.items() if value}


def table_with_item() -> DynamoDBBackend:
    backend = DynamoDBBackend(REGION, ACCOUNT_ID)
    index = {
        "IndexName": "i",
        "KeySchema": [{"AttributeName": "by", "KeyType": "HASH"}],
        "Projection": {"ProjectionType": "ALL"},
    }
    table = backend.create_table(
        "t",
        schema=[{"AttributeName": "id", "KeyType": "HASH"}],
        attr=[{"AttributeName": name, "AttributeType": "S"} for name in ("id", "by")],
        global_indexes=[index],
        billing_mode="PAY_PER_REQUEST",
        throughput=None,
        indexes=[],
        streams=None,
        sse_specification=None,
        tags=[],
        deletion_protection_enabled=False,
        warm_throughput=None,
    )
    table.put_item(BEFORE)
    return backend


def test_an_update_that_would_be_too_large_sets_nothing() -> None:
    backend, values = table_with_item(), {":a": {"S": "new"}, ":b": {"S": "x" * 500_000}}
    with dynamodb_sets(), pytest.raises(ItemSizeToUpdateTooLarge):
        backend.update_item("t", {"id": {"S": "x"}}, "SET #a = :a, #b = :b", {"#a": "a", "#b": "b"}, values)
    assert backend.get_item("t", {"id": {"S": "x"}}).to_json()["Attributes"] == BEFORE


@pytest.fixture
def walks(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What walks an expression."""
    walked: list[Any] = []
    upstream = DepthFirstTraverser.traverse

    def traverse(self: Any, node: Any) -> Any:
        walked.append(self)
        return upstream(self, node)

    monkeypatch.setattr(DepthFirstTraverser, "traverse", traverse)
    return walked


@given(sets=st.lists(st.tuples(ATTRIBUTES, VALUES), min_size=1, max_size=4), key=st.sampled_from(["x", "other"]))
def test_an_update_sets_what_it_set_upstream(sets: list[tuple[str, Any]], key: str) -> None:
    expression = "SET " + ", ".join(f"#n{number} = :v{number}" for number in range(len(sets)))
    names = {f"#n{number}": name for number, (name, _) in enumerate(sets)}
    values = {f":v{number}": value for number, (_, value) in enumerate(sets)}
    upstream = update(expression, names, values, key)
    with dynamodb_sets():
        assert update(expression, names, values, key) == upstream


def test_what_is_only_set_is_not_walked(walks: list[Any]) -> None:
    with dynamodb_sets():
        assert update("set #b=:b , #c = :c", {"#b": "b", "#c": "c"}, {":b": {"S": "new"}, ":c": {"N": "3"}}) == {
            "x": {**BEFORE, "b": {"S": "new"}, "c": {"N": "3"}}
        }
    assert not walks


@pytest.mark.parametrize(
    ("expression", "values"),
    [
        ("SET #a = #a + :v", {":v": {"N": "4"}}),
        ("SET #a = if_not_exists(#a, :v)", {":v": {"N": "4"}}),
        ("SET #a = :v REMOVE b", {":v": {"N": "4"}}),
        ("SET #a = :missing", {":v": {"N": "4"}}),
        ("SET #missing = :v", {":v": {"N": "4"}}),
    ],
)
def test_what_does_more_or_may_be_refused_goes_upstreams_way(
    expression: str, values: dict[str, Any], walks: list[Any]
) -> None:
    upstream = update(expression, {"#a": "a"}, values)
    walks.clear()
    with dynamodb_sets():
        assert update(expression, {"#a": "a"}, values) == upstream
    assert walks


def test_what_is_kept_of_an_expression_is_not_changed_by_an_update() -> None:
    expression, names = "SET #a = if_not_exists(#a, :v), #b = :v REMOVE c", {"#a": "a", "#b": "b"}
    first, second = {":v": {"S": "first"}}, {":v": {"N": "2"}}
    upstream = [update(expression, names, values) for values in (first, second)]
    with dynamodb_sets():
        assert [update(expression, names, values) for values in (first, second, first)] == [*upstream, upstream[0]]
