"""Parameters of stacks, without a cloud."""

from typing import Any

import pytest
from moto.cloudformation.exceptions import ValidationError

from stepweave.local_cloud.adapters.cloudformation.parameters import stack_parameters

STORED = {"/p": "1, 2"}


@pytest.mark.parametrize(
    ("slot", "given", "value"),
    [
        ({"Type": "String", "Default": "d"}, None, "d"),
        ({"Type": "String", "Default": "d"}, "g", "g"),
        ({"Type": "Number", "Default": 3}, None, "3"),
        ({"Type": "String", "Default": True}, None, "true"),
        ({"Type": "CommaDelimitedList"}, "a, b", ["a", "b"]),
        ({"Type": "List<Number>"}, "1,2", ["1", "2"]),
        ({"Type": "CommaDelimitedList"}, "", []),
        ({"Type": "AWS::SSM::Parameter::Value<String>", "Default": "/p"}, None, "1, 2"),
        ({"Type": "AWS::SSM::Parameter::Value<List<String>>"}, "/p", ["1", "2"]),
        ({"Type": "AWS::SSM::Parameter::Name"}, "/p", "/p"),
    ],
)
def test_values(slot: dict[str, Any], given: str | None, value: Any) -> None:
    found = stack_parameters({"P": slot}, {} if given is None else {"P": given}, STORED.get)
    assert found["P"].value == value


@pytest.mark.parametrize(
    ("slot", "given", "message"),
    [
        ({"Type": "String"}, None, r"Parameters: \[P\] must have values"),
        ({"Type": "Number"}, "x", "Parameter 'P' must be a number."),
        ({"Type": "String", "AllowedValues": ["a", "b"]}, "c", r"must be one of AllowedValues: \[a, b\]"),
        ({"Type": "String", "AllowedPattern": "[a-z]+"}, "aB", r"must match pattern \[a-z\]\+"),
        ({"Type": "String", "AllowedPattern": "x", "ConstraintDescription": "an x"}, "y", "P failed to satisfy: an x"),
        ({"Type": "String", "MinLength": 2}, "a", "at least 2 characters"),
        ({"Type": "String", "MaxLength": "2"}, "abc", "at most 2 characters"),
        ({"Type": "Number", "MinValue": 2}, "1", "not less than 2"),
        ({"Type": "Number", "MaxValue": 2}, "3", "not greater than 2"),
        ({"Type": "AWS::SSM::Parameter::Value<String>"}, "/none", r"Unable to fetch parameters \[/none\]"),
    ],
)
def test_what_is_refused(slot: dict[str, Any], given: str | None, message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        stack_parameters({"P": slot}, {} if given is None else {"P": given}, STORED.get)


def test_unknown_ones_are_refused() -> None:
    with pytest.raises(ValidationError, match=r"Parameters: \[X\] do not exist in the template"):
        stack_parameters({}, {"X": "1"}, STORED.get)


def test_what_is_shown() -> None:
    slots = {
        "Hidden": {"Type": "String", "NoEcho": "true"},
        "Read": {"Type": "AWS::SSM::Parameter::Value<String>", "Default": "/p"},
    }
    found = stack_parameters(slots, {"Hidden": "secret"}, STORED.get)
    assert [one.description(name) for name, one in found.items()] == [
        {"ParameterKey": "Hidden", "ParameterValue": "****"},
        {"ParameterKey": "Read", "ParameterValue": "/p", "ResolvedValue": "1, 2"},
    ]
