"""Expressions of DynamoDB are parsed once, and mean what they meant."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from moto.dynamodb.comparisons import ConditionExpressionParser
from moto.dynamodb.models.dynamo_type import Item
from moto.dynamodb.parsing.ast_nodes import Node
from moto.dynamodb.parsing.expressions import UpdateExpressionParser
from moto.dynamodb.parsing.tokens import ExpressionTokenizer

from stepweave.local_cloud.adapters.dynamodb.expressions import copy_tree, quick_dynamodb_expressions

UPDATES = (
    "SET #a = :v, b.c[1] = if_not_exists(b, :w) REMOVE d, e[0]",
    "ADD n :v DELETE s :w",
    "SET a = a + :v - :w",
    "SET l = list_append(l, :v)",
)
NAMES = {"#a": "a"}
VALUES = {":v": {"N": "1"}, ":w": {"N": "2"}}


def shape(node: Any) -> Any:
    if not isinstance(node, Node):
        return node
    return type(node), [shape(child) for child in node.children or []]


def nodes(node: Any) -> list[Node]:
    if not isinstance(node, Node):
        return []
    return [node, *(below for child in node.children or [] for below in nodes(child))]


@pytest.mark.parametrize("expression", UPDATES)
def test_a_copied_tree_is_the_same_and_shares_no_node(expression: str) -> None:
    tree = UpdateExpressionParser.make(expression)
    copied = copy_tree(tree)
    assert shape(copied) == shape(tree)
    assert not {id(node) for node in nodes(copied)} & {id(node) for node in nodes(tree)}
    for node in nodes(copied):
        for child in node.children or []:
            if isinstance(child, Node):
                assert child.parent is node


def test_an_update_is_parsed_once(monkeypatch: pytest.MonkeyPatch) -> None:
    parsed: list[str] = []
    tokenize = ExpressionTokenizer.make_list

    def make_list(text: str) -> Any:
        parsed.append(text)
        return tokenize(text)

    monkeypatch.setattr(ExpressionTokenizer, "make_list", make_list)
    for _ in range(2):
        UpdateExpressionParser.make(UPDATES[0])
    assert len(parsed) == 2
    with quick_dynamodb_expressions():
        for _ in range(2):
            UpdateExpressionParser.make(UPDATES[0])
    assert len(parsed) == 3


def holds(expression: str, names: dict[str, str], values: dict[str, Any], number: int) -> tuple[bool, Any, Any]:
    parser = ConditionExpressionParser(expression, names, values)
    item = Item(None, None, {"n": {"N": str(number)}})
    return bool(parser.parse().expr(item)), parser.expr_attr_names_found, parser.expr_attr_values_found


@given(
    st.lists(
        st.tuples(
            st.sampled_from(
                ["#n < :v", "#n BETWEEN :v AND :w", "attribute_exists(#n) AND NOT #n = :v", "#n IN (:v, :w)"]
            ),
            st.sampled_from(["n", "absent"]),
            st.integers(0, 3),
            st.integers(0, 3),
            st.integers(0, 3),
        ),
        max_size=6,
    )
)
def test_conditions_mean_the_same(asked: list[tuple[str, str, int, int, int]]) -> None:
    def answers() -> list[Any]:
        found = []
        for expression, name, low, high, number in asked:
            names, values = {"#n": name}, {":v": {"N": str(low)}, ":w": {"N": str(high)}}
            # Twice with the very same names and values, as a call does.
            found += [holds(expression, names, values, number), holds(expression, names, values, number)]
        return found

    expected = answers()
    with quick_dynamodb_expressions():
        assert answers() == expected


def test_a_condition_that_is_wrong_stays_wrong() -> None:
    with quick_dynamodb_expressions():
        for _ in range(2):
            with pytest.raises(ValueError, match="Cannot parse"):
                ConditionExpressionParser("n ! :v", NAMES, VALUES).parse()


def test_a_condition_is_parsed_once_whatever_its_values(monkeypatch: pytest.MonkeyPatch) -> None:
    parsed: list[str | None] = []
    upstream = ConditionExpressionParser._parse_paths

    def parse_paths(self: ConditionExpressionParser, nodes: Any) -> Any:
        parsed.append(self.condition_expression)
        return upstream(self, nodes)

    monkeypatch.setattr(ConditionExpressionParser, "_parse_paths", parse_paths)

    def ask(*limits: str) -> list[bool]:
        return [holds("#n < :v", {"#n": "n"}, {":v": {"N": limit}}, 1)[0] for limit in limits]

    assert ask("1", "2") == [False, True]
    assert len(parsed) == 2
    with quick_dynamodb_expressions():
        assert ask("1", "2", "0", "3") == [False, True, False, True]
    assert len(parsed) == 3


def test_a_value_that_is_missing_is_missed() -> None:
    with quick_dynamodb_expressions():
        assert holds("#n < :v", {"#n": "n"}, {":v": {"N": "1"}}, 0)[0]
        with pytest.raises(KeyError, match=":v"):
            ConditionExpressionParser("#n < :v", {"#n": "n"}, {":w": {"N": "1"}}).parse()
