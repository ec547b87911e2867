"""What is refused of a definition for the sake of its query language."""

from typing import Any

import pytest

from stepweave.local_cloud.adapters.step_functions.definition_checks import InvalidDefinition, check_definition
from stepweave.local_cloud.adapters.step_functions.definition_problems import states_of
from stepweave.local_cloud.adapters.step_functions.jsonata_problems import language_problems

INVALID = "INVALID_JSONATA_EXPRESSION"
UNSUPPORTED = "UNSUPPORTED_JSONATA_EXPRESSION"
SCHEMA = "SCHEMA_VALIDATION_FAILED"
INNER = {"StartAt": "B", "States": {"B": {"Type": "Pass", "End": True}}}


def found(state: dict[str, Any], language: str | None = "JSONata") -> list[tuple[str, str, str]]:
    definition: dict[str, Any] = {"StartAt": "A", "States": {"A": state}}
    if language is not None:
        definition["QueryLanguage"] = language
    return list(language_problems(definition, states_of(definition)))


def in_output(source: str) -> list[tuple[str, str]]:
    problems = found({"Type": "Pass", "Output": {"v": ["{% " + source + " %}"]}, "End": True})
    assert all(place == "/States/A/Output/v[0]" for _, _, place in problems)
    return [(code, text) for code, text, _ in problems]


REFUSED = {
    "a[1,2)": (INVALID, 'Expected "]", got ","'),
    "'open": (INVALID, "String literal must be terminated by a matching quote"),
    "1 +": (INVALID, "Unexpected end of expression"),
    "": (INVALID, "Unexpected end of expression"),
    "{'a':}": (INVALID, 'The symbol "}" cannot be used as a unary operator'),
    "$match('a', /abc": (INVALID, "No terminating / in regular expression"),
    "$x ?? 1": (INVALID, 'The symbol "?" cannot be used as a unary operator'),
    "$x ?: 1": (INVALID, 'The symbol ":" cannot be used as a unary operator'),
    "phone": (UNSUPPORTED, "Reference to 'phone' at the top level is not supported."),
    "$sum(order.price)": (UNSUPPORTED, "Reference to 'order' at the top level is not supported."),
    "$ & 'x'": (UNSUPPORTED, "Reference to '$' at the top level is not supported."),
    "$states.input[$$.a]": (UNSUPPORTED, "Reference to '$$' at the top level is not supported."),
    "$states.errorOutput.Error": (UNSUPPORTED, "Reference to '$states.errorOutput' is not supported in this field."),
}


@pytest.mark.parametrize("source", REFUSED)
def test_an_expression_is_refused(source: str) -> None:
    assert in_output(source) == [REFUSED[source]]


@pytest.mark.parametrize(
    "source",
    [
        "$states.input.a[$ > 1 and b].{'c': d, 'e': $}",
        "$states.input.items{type: $sum(price)}",
        "$states.input ~> |$|{'x': y}|",
        "$map($states.input, function($v, $i) { $v.x & $i })",
        "$states.input.s ~> $contains(/a ?: b ?? c/)",
        "'what?? $ $$ ?:'",
        "$x ? 'y' : /* ?? */ 'z'",
        "($p := $states.input; $p.a)",
        "$states.context.Execution.Name & $uuid() & $now()",
        "$states.result.Payload",
        "$eval('1')",
    ],
)
def test_an_expression_is_accepted(source: str) -> None:
    assert in_output(source) == []


def test_a_catcher_may_refer_to_the_error() -> None:
    catcher = {"ErrorEquals": ["States.ALL"], "Output": "{% $states.errorOutput %}", "Assign": {"a": "{% b %}"}}
    problems = found({"Type": "Task", "Catch": [{**catcher, "Next": "A"}]})
    text = "Reference to 'b' at the top level is not supported."
    assert problems == [(UNSUPPORTED, text, "/States/A/Catch[0]/Assign/a")]


def test_a_state_has_only_fields_of_its_query_language() -> None:
    text = "The QueryLanguage is set to '{}', but field '{}' is only supported for the '{}' QueryLanguage"
    of_path = [(SCHEMA, text.format("JSONPath", "Output", "JSONata"), "/States/A")]
    assert found({"Type": "Pass", "Output": "{% a", "End": True}, None) == of_path
    of_expression = [(SCHEMA, text.format("JSONata", "ResultPath", "JSONPath"), "/States/A")]
    assert found({"Type": "Pass", "QueryLanguage": "JSONata", "ResultPath": "$.a"}, "JSONPath") == of_expression


def test_a_state_in_another_has_the_language_of_the_definition() -> None:
    inner = {"StartAt": "B", "States": {"B": {"Type": "Pass", "Output": 1, "End": True}}}
    problems = found({"Type": "Map", "QueryLanguage": "JSONata", "Items": [], "ItemProcessor": inner}, None)
    assert [place for _, _, place in problems] == ["/States/A/ItemProcessor/States/B"]
    assert found({"Type": "Map", "Items": [], "ItemProcessor": inner}) == []


def test_query_languages_do_not_go_back() -> None:
    text = "'QueryLanguage' can not be 'JSONPath' if set to 'JSONata' for whole state machine"
    assert found({"Type": "Pass", "QueryLanguage": "JSONPath"}) == [(SCHEMA, text, "/States/A")]
    processor = {"QueryLanguage": "JSONata", **INNER}
    assert found({"Type": "Map", "ItemProcessor": processor}) == [
        (SCHEMA, "Field 'QueryLanguage' is not supported", "/States/A/ItemProcessor")
    ]


def test_the_name_states_is_reserved() -> None:
    text = "The variable name 'states' is reserved and cannot be assigned"
    assert found({"Type": "Pass", "Assign": {"states": 1}}) == [(SCHEMA, text, "/States/A/Assign/states")]


def test_problems_refuse_the_definition() -> None:
    text = '{"QueryLanguage": "JSONata", "StartAt": "A", "States": {"A": {"Type": "Succeed", "Output": "{% b %}"}}}'
    with pytest.raises(InvalidDefinition) as refusal:
        check_definition(text)
    assert refusal.value.message.endswith(
        f"'{UNSUPPORTED}: Reference to 'b' at the top level is not supported. at /States/A/Output'"
    )
