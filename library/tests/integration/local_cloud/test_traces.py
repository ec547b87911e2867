"""One execution is one trace, which the X-Ray API shows as a tree."""

import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from stepweave.local_cloud.cloud import LocalCloud

from .conftest import ROLE, WriteAssembly, function

# Sends what X-Ray's SDK sends: a subsegment that belongs to the segment that the header names.
CODE = """
import json, os, secrets, socket, time

def handler(event, context):
    header = dict(part.split("=", 1) for part in os.environ["_X_AMZN_TRACE_ID"].split(";"))
    subsegment = {
        "type": "subsegment", "id": secrets.token_hex(8), "trace_id": header["Root"], "parent_id": header["Parent"],
        "name": "## work", "start_time": time.time(), "end_time": time.time(),
        "annotations": {"execution": event["execution"]},
    }
    host, _, port = os.environ["AWS_XRAY_DAEMON_ADDRESS"].rpartition(":")
    document = json.dumps({"format": "json", "version": 1}) + "\\n" + json.dumps(subsegment)
    if header["Sampled"] == "1":
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(document.encode(), (host, int(port)))
    if event.get("fails"):
        raise ValueError("on purpose")
    return header["Root"]
"""
ROOT = "1-5759e988-bd862e3fe1be46a994272793"


def task(resource: str, **state: Any) -> dict[str, Any]:
    parameters = {"execution.$": "$$.Execution.Id", **state.pop("Parameters", {})}
    return {"Type": "Task", "Resource": resource, "Parameters": parameters, "End": True, **state}


def machine(name: str, start: str, states: dict[str, Any], *, is_traced: bool = True) -> dict[str, Any]:
    return {
        "Type": "AWS::StepFunctions::StateMachine",
        "Properties": {
            "StateMachineName": name,
            "RoleArn": "arn:aws:iam::123456789012:role/machine",
            "DefinitionString": json.dumps({"StartAt": start, "States": states}),
            "DefinitionSubstitutions": {"agent": {"Fn::GetAtt": ["Traced", "Arn"]}},
            "TracingConfiguration": {"Enabled": is_traced},
        },
    }


NESTED = {
    "Type": "Task",
    "Resource": "arn:aws:states:::states:startExecution.sync:2",
    "Parameters": {"StateMachineArn": "arn:aws:states:us-east-1:123456789012:stateMachine:child", "Input": {}},
    "End": True,
}
BOTH = {
    "Type": "Parallel",
    "Branches": [
        {"StartAt": "Lint", "States": {"Lint": task("${agent}")}},
        {
            "StartAt": "Scan",
            "States": {
                "Scan": {
                    "Type": "Task",
                    "Resource": "arn:aws:states:::lambda:invoke",
                    "Parameters": {
                        "FunctionName": "${agent}",
                        "Payload": {"execution.$": "$$.Execution.Id"},
                    },
                    "OutputPath": "$.Payload",
                    "TimeoutSeconds": 60,
                    "End": True,
                }
            },
        },
    ],
    "Next": "Child",
    "ResultPath": "$.roots",
}
FAILING = task(
    "${agent}",
    Parameters={"fails": True},
    Retry=[{"ErrorEquals": ["States.ALL"], "IntervalSeconds": 1, "MaxAttempts": 1}],
)
MAPPED = {
    "Type": "Map",
    "ItemProcessor": {
        "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
        "StartAt": "Inner",
        "States": {"Inner": task("${agent}")},
    },
    "End": True,
}
STACK = {
    "Resources": {
        "Role": ROLE,
        "Traced": function("traced", "CODE"),
        "Child": machine("child", "Inner", {"Inner": task("${agent}")}),
        "Parent": machine("parent", "Both", {"Both": BOTH, "Child": NESTED}),
        "Mapped": machine("mapped", "Map", {"Map": MAPPED}),
        "Failing": machine("failing", "Fail", {"Fail": FAILING}),
        "Untraced": machine("untraced", "Only", {"Only": task("${agent}")}, is_traced=False),
    }
}

Run = Callable[..., dict[str, Any]]


@pytest.fixture
def run(cloud: LocalCloud, write_assembly: WriteAssembly) -> Run:
    """Runs a state machine to its end."""
    cloud.deploy(write_assembly({"Traces": STACK}, {"CODE": CODE}))
    stepfunctions = cloud.session().client("stepfunctions")

    def run(name: str, **options: str) -> dict[str, Any]:
        arn = f"arn:aws:states:us-east-1:123456789012:stateMachine:{name}"
        execution = stepfunctions.start_execution(stateMachineArn=arn, **options)["executionArn"]
        for _ in range(3000):
            description = dict(stepfunctions.describe_execution(executionArn=execution))
            if description["status"] != "RUNNING":
                return description
            time.sleep(0.01)
        raise AssertionError("the execution did not end")

    return run


def find(cloud: LocalCloud, expression: str, started: float) -> list[dict[str, Any]]:
    answer = (
        cloud.session()
        .client("xray")
        .get_trace_summaries(StartTime=started - 1, EndTime=time.time() + 1, FilterExpression=expression)
    )
    return list(answer["TraceSummaries"])


def documents(cloud: LocalCloud, trace_id: str) -> list[dict[str, Any]]:
    (trace,) = cloud.session().client("xray").batch_get_traces(TraceIds=[trace_id])["Traces"]
    return [json.loads(segment["Document"]) for segment in trace["Segments"]]


Tree = tuple[str, str, list["Tree"]]


def tree(segments: list[dict[str, Any]]) -> list[Tree]:
    """The segments as names and origins, each with its subsegments and the segments that these called."""

    def node(part: dict[str, Any]) -> Tree:
        inner = [node(child) for child in part.get("subsegments", [])]
        called = [node(segment) for segment in segments if segment.get("parent_id") == part["id"]]
        return part["name"], part.get("origin", ""), sorted(inner + called)

    ids = {segment["id"] for segment in segments}
    parts = {inner["id"] for segment in segments for inner in _parts(segment)} | ids
    return sorted(node(segment) for segment in segments if segment.get("parent_id") not in parts)


def _parts(segment: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for inner in segment.get("subsegments", []):
        yield inner
        yield from _parts(inner)


def call(state: str) -> Tree:
    parts: list[Tree] = [("## work", "", []), ("Invocation", "", [])]
    lambda_function = ("traced", "AWS::Lambda::Function", parts)
    return (state, "", [("Lambda", "", [("traced", "AWS::Lambda", [lambda_function])])])


def without_cold_starts(trees: list[Tree]) -> list[Tree]:
    return [
        (name, origin, without_cold_starts([child for child in inner if child[0] != "Initialization"]))
        for name, origin, inner in trees
    ]


def test_an_execution_with_its_functions_and_nested_executions_is_one_trace(cloud: LocalCloud, run: Run) -> None:
    started = time.time()
    execution = run("parent")
    (summary,) = find(cloud, f'annotation.execution = "{execution["executionArn"]}"', started)
    assert json.loads(execution["output"])["Output"] == summary["Id"]
    assert (summary["HasFault"], summary["IsPartial"]) == (False, False)
    assert {service["Type"] for service in summary["ServiceIds"]} == {
        "AWS::StepFunctions::StateMachine",
        "AWS::Lambda",
        "AWS::Lambda::Function",
    }
    assert without_cold_starts(tree(documents(cloud, summary["Id"]))) == [
        (
            "parent",
            "AWS::StepFunctions::StateMachine",
            sorted(
                [
                    call("Lint"),
                    call("Scan"),
                    ("Child", "", [("States", "", [("child", "AWS::StepFunctions::StateMachine", [call("Inner")])])]),
                ]
            ),
        )
    ]
    services = cloud.session().client("xray").get_trace_graph(TraceIds=[summary["Id"]])["Services"]
    assert {service.get("Name") for service in services} == {"parent", "child", "traced", None}


def test_the_child_executions_of_a_distributed_map_are_in_the_trace_of_their_parent(
    cloud: LocalCloud, run: Run
) -> None:
    (root,) = json.loads(run("mapped", input="[{}]")["output"])
    (parent,) = without_cold_starts(tree(documents(cloud, root)))
    assert parent == ("mapped", "AWS::StepFunctions::StateMachine", [call("Inner")])


def test_each_attempt_is_seen_and_failure_is_marked(cloud: LocalCloud, run: Run) -> None:
    started = time.time()
    execution = run("failing")
    (summary,) = find(cloud, f'annotation.execution = "{execution["executionArn"]}" AND fault', started)
    assert summary["HasFault"]
    segments = documents(cloud, summary["Id"])
    (root,) = [segment for segment in segments if segment["origin"] == "AWS::StepFunctions::StateMachine"]
    assert [part["name"] for part in root["subsegments"]] == ["Fail", "Fail"]
    assert root["cause"]["exceptions"][0]["type"] == "ValueError"
    functions = [segment for segment in segments if segment["origin"] == "AWS::Lambda::Function"]
    assert [segment["cause"]["exceptions"][0]["type"] for segment in functions] == ["ValueError"] * 2


def test_the_callers_trace_is_joined(cloud: LocalCloud, run: Run) -> None:
    execution = run("child", traceHeader=f"Root={ROOT};Parent=53995c3f42cd8ad8;Sampled=1")
    assert json.loads(execution["output"]) == ROOT
    (root,) = [s for s in documents(cloud, ROOT) if s["origin"] == "AWS::StepFunctions::StateMachine"]
    assert root["parent_id"] == "53995c3f42cd8ad8"
    assert root["aws"]["execution_arn"] == execution["executionArn"]


def test_a_machine_without_tracing_hands_the_trace_on_and_begins_none(cloud: LocalCloud, run: Run) -> None:
    root = ROOT[:-1] + "4"
    execution = run("untraced", traceHeader=f"Root={root};Sampled=0")
    assert json.loads(execution["output"]) == root
    xray = cloud.session().client("xray")
    assert xray.batch_get_traces(TraceIds=[root])["UnprocessedTraceIds"] == [root]
    first, second = (json.loads(run("untraced")["output"]) for _ in range(2))
    assert first != second


def test_segments_can_be_put_through_the_api(cloud: LocalCloud) -> None:
    now, xray = time.time(), cloud.session().client("xray")
    trace_id = f"1-{int(now):08x}-{'a' * 24}"
    good = {"id": "a" * 16, "trace_id": trace_id, "name": "mine", "start_time": now - 1, "end_time": now}
    bad = {"id": "b" * 16, "trace_id": trace_id, "start_time": now}
    answer = xray.put_trace_segments(TraceSegmentDocuments=[json.dumps(good), json.dumps(bad)])
    assert [(entry["Id"], entry["ErrorCode"]) for entry in answer["UnprocessedTraceSegments"]] == [
        ("b" * 16, "MissingName")
    ]
    (summary,) = find(cloud, 'service("mine")', now - 1)
    assert (summary["Id"], summary["Duration"]) == (trace_id, pytest.approx(1.0))
    services = xray.get_service_graph(StartTime=now - 5, EndTime=now + 5)["Services"]
    assert "mine" in {service.get("Name") for service in services}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"FilterExpression": "colour ="}, "does not know the keyword 'colour'"),
        ({"EndTime": 0}, "EndTime must not be before StartTime"),
        ({"StartTime": 0}, "must not be longer"),
    ],
)
def test_bad_queries_are_refused(cloud: LocalCloud, options: dict[str, Any], message: str) -> None:
    query = {"StartTime": time.time() - 60, "EndTime": time.time(), **options}
    with pytest.raises(ClientError, match=message) as error:
        cloud.session().client("xray").get_trace_summaries(**query)
    assert error.value.response["Error"]["Code"] == "InvalidRequestException"
