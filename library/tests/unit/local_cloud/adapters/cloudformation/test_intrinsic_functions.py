"""Functions, conditions and dynamic references of templates, without a cloud."""

from collections.abc import Mapping
from typing import Any

import pytest
from moto.cloudformation.exceptions import ValidationError

from stepweave.local_cloud.adapters.cloudformation.intrinsic_functions import Unresolved, Values, resolve_dynamic
from stepweave.local_cloud.adapters.cloudformation.template import parse_template

CONSTANTS = {"AWS::Region": "us-east-1", "AWS::AccountId": "1", "Text": "t", "List": ["a", "b"], "Flag": "true"}
TEMPLATE: dict[str, Any] = {
    "Resources": {"R": {"Type": "T"}, "New": {"Type": "T"}, "Not": {"Type": "T", "Condition": "No"}},
    "Mappings": {"M": {"us-east-1": {"ami": "x", "3": ["y"]}}},
    "Conditions": {
        "Yes": {"Fn::Equals": [{"Ref": "Text"}, "t"]},
        "No": {"Fn::Not": [{"Condition": "Yes"}]},
        "All": {"Fn::And": [{"Condition": "Yes"}, {"Fn::Equals": [{"Ref": "Flag"}, True]}]},
        "Any": {"Fn::Or": [{"Condition": "No"}, {"Condition": "No"}]},
    },
}


class Names:
    """One resource that exists."""

    def ref(self, name: str) -> str:
        if name != "R":
            raise Unresolved(name)
        return "id-of-r"

    def attribute(self, name: str, attribute: str) -> str:
        return f"{self.ref(name)}.{attribute}"


def values(constants: Mapping[str, Any] = CONSTANTS) -> Values:
    return Values(TEMPLATE, constants, Names(), lambda name: f"value of {name}")


@pytest.mark.parametrize(
    ("node", "expected"),
    [
        ({"Ref": "Text"}, "t"),
        ({"Ref": "R"}, "id-of-r"),
        ({"Fn::GetAtt": ["R", "A.B"]}, "id-of-r.A.B"),
        ({"Fn::GetAtt": "R.A.B"}, "id-of-r.A.B"),
        ({"Fn::GetAtt": ["R", {"Ref": "Text"}]}, "id-of-r.t"),
        ({"Fn::Join": [",", {"Ref": "List"}]}, "a,b"),
        ({"Fn::Join": ["", ["a", True, 3]]}, "atrue3"),
        ({"Fn::Split": [",", "a,b"]}, ["a", "b"]),
        ({"Fn::Select": ["1", {"Fn::Split": [",", "a,b"]}]}, "b"),
        ({"Fn::Select": [{"Fn::FindInMap": ["I", "i", "i", {"DefaultValue": 0}]}, ["a"]]}, "a"),
        ({"Fn::Sub": "${Text} ${!Text} ${R} ${R.Arn} ${AWS::Region}"}, "t ${Text} id-of-r id-of-r.Arn us-east-1"),
        ({"Fn::Sub": ["${x}-${Text}", {"x": {"Fn::GetAtt": ["R", "Arn"]}}]}, "id-of-r.Arn-t"),
        ({"Fn::Sub": ["${x}", {"x": "${Text}"}]}, "${Text}"),
        ({"Fn::FindInMap": ["M", {"Ref": "AWS::Region"}, "ami"]}, "x"),
        ({"Fn::FindInMap": ["M", "us-east-1", 3]}, ["y"]),
        ({"Fn::FindInMap": ["M", "nowhere", "ami", {"DefaultValue": {"Ref": "Text"}}]}, "t"),
        ({"Fn::If": ["Yes", "a", {"Ref": "New"}]}, "a"),
        ({"Fn::If": ["No", {"Ref": "New"}, "b"]}, "b"),
        ({"Fn::If": ["All", 1, 2]}, 1),
        ({"Fn::If": ["Any", 1, 2]}, 2),
        ({"a": {"Ref": "AWS::NoValue"}, "b": [{"Fn::If": ["No", 1, {"Ref": "AWS::NoValue"}]}, 2]}, {"b": [2]}),
        ({"Fn::ImportValue": {"Fn::Sub": "${Text}-name"}}, "value of t-name"),
        ({"Fn::Base64": {"Fn::Sub": "${Text}"}}, "dA=="),
        ({"Fn::GetAZs": ""}, [f"us-east-1{zone}" for zone in "abcdef"]),
        ({"Fn::Cidr": ["10.0.0.0/16", 2, 8]}, ["10.0.0.0/24", "10.0.1.0/24"]),
        ({"Fn::Length": {"Ref": "List"}}, 2),
        ({"Fn::ToJsonString": {"a": {"Ref": "Text"}}}, '{"a":"t"}'),
        ({"Condition": {"StringEquals": {"a": {"Ref": "Text"}}}}, {"Condition": {"StringEquals": {"a": "t"}}}),
    ],
)
def test_functions(node: Any, expected: Any) -> None:
    assert values().value(node) == expected


@pytest.mark.parametrize(
    ("node", "message"),
    [
        ({"Ref": "Not"}, r"Unresolved resource dependencies \[Not\]"),
        ({"Fn::FindInMap": ["M", "nowhere", "ami"]}, "Unable to get mapping for M::nowhere::ami"),
        ({"Fn::Select": [2, ["a"]]}, "nonexistent value at index 2"),
        ({"Fn::ForEach": []}, "does not know the function Fn::ForEach"),
        ({"Fn::If": ["Unknown", 1, 2]}, "unresolved condition dependency Unknown"),
    ],
)
def test_what_has_no_value(node: Any, message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        values().value(node)


def test_what_does_not_exist_yet_has_no_value_yet() -> None:
    with pytest.raises(Unresolved, match="New"):
        values().value({"Fn::Join": ["", ["a", {"Ref": "New"}]]})


class Secrets:
    """A parameter store and a secrets manager."""

    class exceptions:  # noqa: N801 - as a client has it
        ClientError = ValueError

    def get_parameter(self, *, Name: str, WithDecryption: bool) -> Any:  # noqa: N803
        if Name == "none":
            raise ValueError("ParameterNotFound")
        return {"Parameter": {"Value": f"{Name} {WithDecryption}"}}

    def get_secret_value(self, *, SecretId: str, **chosen: str) -> Any:  # noqa: N803
        return {"SecretString": f'{{"key": "{SecretId} {chosen}"}}'}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a {{resolve:ssm:/p:3}} b", "a /p:3 False b"),
        ("{{resolve:ssm-secure:p}}", "p True"),
        ("{{resolve:secretsmanager:s:SecretString:key}}", "s {}"),
        ("{{resolve:secretsmanager:s}}", '{"key": "s {}"}'),
        ("{{resolve:secretsmanager:s:SecretString:key::v1}}", "s {'VersionId': 'v1'}"),
        (
            "{{resolve:secretsmanager:arn:aws:secretsmanager:us-east-1:1:secret:s-Ab:SecretString:key::}}",
            "arn:aws:secretsmanager:us-east-1:1:secret:s-Ab {}",
        ),
        ("{{resolve:other:p}}", "{{resolve:other:p}}"),
    ],
)
def test_dynamic_references(text: str, expected: str) -> None:
    assert resolve_dynamic({"a": [text]}, lambda _: Secrets()) == {"a": [expected]}


def test_a_parameter_that_is_not_there_is_an_error() -> None:
    with pytest.raises(ValidationError, match="resolve:ssm:none"):
        resolve_dynamic("{{resolve:ssm:none}}", lambda _: Secrets())


YAML = """
AWSTemplateFormatVersion: 2010-09-09
Resources:
  R:
    Type: AWS::IAM::Role
    Properties:
      Version: 2012-10-17
      A: !GetAtt Q.Arn
      B: !Sub
        - ${x}
        - {x: !Join ['', [a, !Ref Q]]}
      C: !If [Yes, 1, !Ref AWS::NoValue]
      D: !FindInMap {a: 1}
  Q: {Type: AWS::SQS::Queue}
Conditions: {Yes: !Equals [a, a]}
"""


def test_yaml() -> None:
    properties = parse_template(YAML)["Resources"]["R"]["Properties"]
    assert properties["Version"] == "2012-10-17"
    assert properties["A"] == {"Fn::GetAtt": ["Q", "Arn"]}
    assert properties["B"] == {"Fn::Sub": ["${x}", {"x": {"Fn::Join": ["", ["a", {"Ref": "Q"}]]}}]}
    assert properties["D"] == {"Fn::FindInMap": {"a": 1}}


@pytest.mark.parametrize(
    ("template", "message"),
    [
        ("{", "JSON not well-formed"),
        ("a: [", "YAML not well-formed"),
        ("[]", "unsupported structure"),
        ('{"Resources": {}}', "At least one Resources member"),
        ('{"Resources": {"R": {}}}', r"\[/Resources/R\] Every Resources object must contain a Type"),
        ('{"Nope": 1, "Resources": {"R": {"Type": "T"}}}', r"Invalid template property or properties \[Nope\]"),
        ('{"Resources": {"R": {"Type": "T", "DependsOn": "X"}}}', r"Unresolved resource dependencies \[X\]"),
        ('{"Resources": {"R": {"Type": "T", "Properties": {"a": {"Fn::Sub": "${X.Arn}"}}}}}', r"dependencies \[X\]"),
        ('{"Resources": {"R": {"Type": "T", "Condition": "C"}}}', "Unresolved condition dependency C"),
        ('{"Resources": {"R": {"Type": "T"}}, "Outputs": {"O": {"Value": {"Ref": "X"}}}}', r"\[X\] in the Outputs"),
        (
            '{"Resources": {"A": {"Type": "T", "DependsOn": ["B"]}, "B": {"Type": "T", "DependsOn": "A"}}}',
            "Circular dependency between resources",
        ),
    ],
)
def test_templates_that_aws_refuses(template: str, message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        parse_template(template)
