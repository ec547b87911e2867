import pytest

from stepweave.local_cloud.xray.filter_expression import FilterExpressionError, parse_filter
from stepweave.local_cloud.xray.trace import Trace, assemble

TRACE_ID = "1-5759e988-bd862e3fe1be46a994272793"
EXECUTION = "arn:aws:states:us-east-1:123456789012:execution:m:one"
TRACE: Trace = assemble(
    TRACE_ID,
    [
        {
            "id": "0000000000000001",
            "name": "machine",
            "origin": "AWS::StepFunctions::StateMachine",
            "start_time": 10.0,
            "end_time": 12.5,
            "http": {"response": {"status": 200}, "request": {"url": "http://a/b"}},
        },
        {
            "id": "0000000000000002",
            "parent_id": "0000000000000001",
            "name": "linter",
            "origin": "AWS::Lambda::Function",
            "start_time": 11.0,
            "end_time": 12.0,
            "fault": True,
            "subsegments": [
                {
                    "id": "0000000000000003",
                    "name": "## linter",
                    "start_time": 11.0,
                    "end_time": 12.0,
                    "annotations": {"execution": EXECUTION, "files": 12, "cold": True},
                }
            ],
        },
    ],
)


@pytest.mark.parametrize(
    "expression",
    [
        f'annotation.execution = "{EXECUTION}"',
        f"annotation[execution] = '{EXECUTION}'",
        'annotation.execution BEGINSWITH "arn:" AND annotation.execution ENDSWITH "one"',
        'annotation.execution CONTAINS "execution:m"',
        "annotation.files >= 12 && annotation.files < 13",
        "annotation.cold = true",
        "annotation.files",
        'service("linter")',
        'service(id(name: "linter", type: "AWS::Lambda::Function"))',
        'service(id(type: "AWS::StepFunctions::StateMachine"))',
        'service("linter") { fault }',
        'service("machine") { ok }',
        "duration = 2.5 and responsetime > 2",
        "http.status = 200",
        "fault",
        "fault = true",
        "!ok",
        "ok OR (fault AND !throttle)",
        "partial = false",
        'annotation.execution != "x"',
    ],
)
def test_expressions_that_match(expression: str) -> None:
    assert parse_filter(expression)(TRACE)


@pytest.mark.parametrize(
    "expression",
    [
        'annotation.execution = "other"',
        'annotation.nothing != "x"',
        "annotation.execution > 3",
        'service("other")',
        'service("machine") { fault }',
        'service(id(name: "linter", type: "AWS::Lambda"))',
        "error",
        "ok",
        "duration > 3",
        "fault AND partial",
    ],
)
def test_expressions_that_do_not(expression: str) -> None:
    assert not parse_filter(expression)(TRACE)


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("annotation.x =", "a value was expected, not 'the end'"),
        ("colour = 1", "does not know the keyword 'colour'"),
        ("(fault", r"'\)' was expected"),
        ("fault fault", "'fault' was not expected"),
        ("annotation.x = #", "cannot read '#'"),
        ('"a" = 1', "a keyword was expected"),
        ("", "a keyword was expected, not 'the end'"),
    ],
)
def test_expressions_that_cannot_be_read(expression: str, message: str) -> None:
    with pytest.raises(FilterExpressionError, match=message):
        parse_filter(expression)
