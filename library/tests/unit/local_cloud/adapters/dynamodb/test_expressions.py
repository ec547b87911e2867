"""Conditions of DynamoDB are parsed once, and mean what they meant."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from moto.dynamodb.comparisons import ConditionExpressionParser
from moto.dynamodb.models.dynamo_type import Item

from stepweave.local_cloud.adapters.dynamodb.expressions import quick_dynamodb_expressions

NAMES = {"#a": "a"}
VALUES = {":v": {"N": "1"}, ":w": {"N": "2"}}


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
