"""JSONata as AWS evaluates it: a table over the language, and AWS's bounds."""

import datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stepweave.local_cloud.adapters.step_functions import engine_time, jsonata_expressions
from stepweave.local_cloud.adapters.step_functions.jsonata_expressions import (
    DEEPEST_EVALUATION,
    LONGEST_ARRAY,
    FunctionReturned,
    JsonataFailed,
    NothingReturned,
    evaluate,
    variables_of,
)

ORDERS = {"orders": [{"id": 1, "price": 5, "tags": ["a"]}, {"id": 2, "price": 7, "tags": ["a", "b"]}]}
VALUES: dict[str, object] = {
    # paths, predicates, the context in them, ordering, grouping, joins, the parent
    "$x.orders.id": [1, 2],
    "$x.orders[price > 5].id": 2,
    "$x.orders[0].tags[$ = 'a']": "a",
    "$x.orders^(>price).id": [2, 1],
    "$x.orders{$string(id): price}": {"1": 5, "2": 7},
    "$x.orders.tags.(%.id & $)": ["1a", "2a", "2b"],
    "$x.orders#$i.($i * price)": [0, 7],
    "$x.**.tags[-1]": ["a", "b"],
    "$x.orders[[0..1]].price ~> $sum()": 12,
    "$x.orders[price = 5].[id]": [1],
    # text
    "$substring('hello', -3, 2) & $pad('x', -3, '#')": "ll##x",
    "$replace('68F', /(\\d+)F/, function($m) { $number($m.groups[0]) + 1 & 'C' })": "69C",
    "$split('a, b', /,\\s*/) ~> $join('-')": "a-b",
    "$contains('abc', /B/i)": True,
    "$match('ab12', /([a-z])(\\d)/).groups": ["b", "1"],
    "$length('\U0001f600')": 1,
    "$base64decode($base64encode('ab'))": "ab",
    "$decodeUrlComponent($encodeUrlComponent('a b&'))": "a b&",
    "$trim('  a \\n b ')": "a b",
    # numbers
    "$string(1e20)": "100000000000000000000",
    "$string(1e21)": "1e+21",
    "0.1 + 0.2": 0.30000000000000004,
    "[-0, 7 % 4, 1e3, 10 / 4]": [0, 3, 1000, 2.5],
    "$round(2.5) & $round(3.5) & $round(12.345, 2)": "2412.34",
    "$formatNumber(1234.5, '#,##0.00') & $formatBase(255, 16)": "1,234.50ff",
    "$formatInteger(1999, 'I') & ' ' & $formatInteger(12, 'w')": "MCMXCIX twelve",
    "$parseInteger('twelve', 'w') + $number('0x10')": 28,
    "[$power(2, 10), $sqrt(9), $abs(-1), $floor(-1.5), $ceil(-1.5)]": [1024, 3, 1, -2, -1],
    # arrays, objects, functions of higher order
    "[$count([1, 2]), $sum([1, 2]), $max([1, 2]), $average([1, 2])]": [2, 3, 2, 1.5],
    "$sort([3, 1, 2], function($a, $b) { $a < $b })": [3, 2, 1],
    "$zip([1, 2], [3, 4]) ~> $append(5)": [[1, 3], [2, 4], 5],
    "$distinct([1, 1, 2]) ~> $reverse()": [2, 1],
    "$merge([{'a': 1}, {'b': null}]) ~> $keys()": ["a", "b"],
    "$sift({'a': 1, 'b': 2}, function($v) { $v > 1 })": {"b": 2},
    "$each({'a': 1}, function($v, $k) { $k & $v })": "a1",
    "$spread({'a': 1, 'b': 2}).*": [1, 2],
    "$map([1, 2], function($v, $i, $a) { $v * $i + $count($a) })": [2, 4],
    "$filter([1, 2, 3], function($v) { $v % 2 = 1 })": [1, 3],
    "$reduce([1, 2, 3], function($a, $b) { $a + $b }, 10)": 16,
    "$single([1, 2], function($v) { $v = 2 })": 2,
    "($add := function($a, $b) { $a + $b }; $inc := $add(1, ?); 2 ~> $inc)": 3,
    "{'a': 1, 'b': 2} ~> | $ | {'c': a}, ['b'] |": {"a": 1, "c": 1},
    "[$type(null), $type([]), $exists($y), $boolean([0]), $not('')]": ["null", "array", False, False, True],
    "$lookup({'a': 1}, 'a') in [1]": True,
    # times
    "$fromMillis(1510067557121)": "2017-11-07T15:12:37.121Z",
    "$fromMillis(1510067557121, '[M01]/[D01]/[Y0001] [h#1]:[m01][P] [z]', '-0500')": "11/07/2017 10:12am GMT-05:00",
    "$toMillis('07/11/2017', '[D01]/[M01]/[Y0001]')": 1510012800000,
    # what Step Functions adds
    "$partition([1, 2, 3], 2)": [[1, 2], [3]],
    "$range(0, 10, 3)": [0, 3, 6, 9],
    "$range(-1.7, 2, 1)": [-1, 0, 1, 2],
    "$range(1, 9, 9)": 1,
    "$hash('input', 'SHA-1')": "140f86aae51ab9e1cda9b4254fe98a74eb54c1a1",
    "$random(42)": 0.7275636800328681,
    "$parse('{\"a\": [null]}').a": [None],
    "[$parse('null'), $type($parse('null')), $parse('[[1]]')]": [None, "null", [1]],
    "$length($uuid())": 36,
}


@pytest.mark.parametrize("source", VALUES)
def test_an_expression_has_the_value_of_the_reference_implementation(source: str) -> None:
    assert evaluate(source, {"x": ORDERS}) == VALUES[source]


ERRORS = {
    "1 + 'x'": '. T2002: The right side of the "+" operator must evaluate to a number',
    "$number('abc')": '. D3030: Unable to cast value to a number: "abc"',
    "$abs('x')": '. T0410: Argument 1 of function "abs" does not match function signature',
    "$sum(['a'])": '. T0412: Argument 1 of function "sum" must be an array of "numbers"',
    "$eval('1')": ". T1006: Attempted to invoke a non-function",
    "$randomSeeded(1)": ". T1006: Attempted to invoke a non-function",
    "$error('no')": ". D3137: no",
    "$hash(1, 'MD5')": '. T0410: Argument 1 of function "hash" does not match function signature',
    "[1..873783] ~> $count()": ": Expression evaluation memory limit exceeded: Check for excessive memory usage",
    "$range(1, 400000, 1)": ": Expression evaluation memory limit exceeded: Check for excessive memory usage",
}


@pytest.mark.parametrize("source", ERRORS)
def test_an_expression_that_fails_says_why_in_the_words_of_aws(source: str) -> None:
    with pytest.raises(JsonataFailed) as failed:
        evaluate(source, {})
    assert str(failed.value) == ERRORS[source]


@pytest.mark.parametrize("source", ["$partition([1], -1)", "$hash('a', 'CRC')", "$parse('{')", "$string(1/0)"])
def test_a_function_that_cannot_do_it_fails_the_expression(source: str) -> None:
    with pytest.raises(JsonataFailed):
        evaluate(source, {})


def test_an_evaluation_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jsonata_expressions, "LONGEST_EVALUATION", 0.2)
    assert evaluate("+".join("1" * DEEPEST_EVALUATION), {}) == DEEPEST_EVALUATION
    assert evaluate(f"$count([1..{LONGEST_ARRAY}])", {}) == LONGEST_ARRAY
    with pytest.raises(JsonataFailed, match=r"^: Stack overflow error: Check for non-terminating recursive function\."):
        evaluate("+".join("1" * (DEEPEST_EVALUATION + 1)), {})
    with pytest.raises(JsonataFailed, match=r"^: Expression evaluation timeout: Check for infinite loop$"):
        evaluate("($f := function() { $f() }; $f())", {})


@pytest.mark.parametrize("source", ["$y", "$x.nope", "$x.orders[9]", "$range(5, 1, 1)", "$partition([1], 0)", "()"])
def test_nothing_is_told_from_null(source: str) -> None:
    with pytest.raises(NothingReturned):
        evaluate(source, {"x": ORDERS})
    assert evaluate("$y", {"y": None}) is None


@pytest.mark.parametrize("source", ["$sum", "function($x) { $x }", "/a/", "$f := function($x) { $x } /* it */"])
def test_a_function_is_no_value(source: str) -> None:
    with pytest.raises(FunctionReturned):
        evaluate(source, {})


JSON_VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(-1e15, 1e15) | st.text(max_size=12),
    lambda children: st.lists(children, max_size=3) | st.dictionaries(st.text(max_size=6), children, max_size=3),
    max_leaves=8,
)


@given(JSON_VALUES)
def test_a_variable_has_the_value_that_it_was_given(value: object) -> None:
    assert evaluate("$x", {"x": value}) == value


def test_time_is_that_of_the_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine_time, "now", lambda: datetime.datetime(2030, 1, 2, tzinfo=datetime.UTC))
    assert evaluate("$now() & $millis()", {}) == "2030-01-02T00:00:00.000Z1893542400000"


def test_variables_are_known_before_they_are_needed() -> None:
    assert variables_of("$x.a & $states.input.b") == {"x": {"a": True}, "states": {"input": {"b": True}}}
