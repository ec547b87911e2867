from typing import Any

from stepweave.local_cloud.xray.service_graph import service_graph
from stepweave.local_cloud.xray.trace import assemble


def part(number: int, name: str, parent: int | None = None, **rest: object) -> dict[str, Any]:
    made = {"id": f"{number:016x}", "name": name, "start_time": float(number), "end_time": number + 1.0, **rest}
    return made if parent is None else {**made, "parent_id": f"{parent:016x}"}


def test_who_calls_whom() -> None:
    lambda_call = part(2, "Lambda", namespace="aws")
    task = part(9, "lint", subsegments=[lambda_call])
    machine = part(1, "machine", origin="AWS::StepFunctions::StateMachine", subsegments=[task], fault=True)
    table = part(5, "DynamoDB", namespace="aws")
    function = part(4, "linter", 3, origin="AWS::Lambda::Function", subsegments=[table])
    service = part(3, "linter", 2, origin="AWS::Lambda")
    graph = service_graph([assemble("1-0-0", [machine, service, function])], "123456789012")
    names = {node["ReferenceId"]: (node.get("Name"), node.get("Type")) for node in graph}
    edges = {
        (names[node["ReferenceId"]], names[edge["ReferenceId"]]): edge["SummaryStatistics"]["TotalCount"]
        for node in graph
        for edge in node["Edges"]
    }
    assert edges == {
        ((None, "client"), ("machine", "AWS::StepFunctions::StateMachine")): 1,
        (("machine", "AWS::StepFunctions::StateMachine"), ("linter", "AWS::Lambda")): 1,
        (("linter", "AWS::Lambda"), ("linter", "AWS::Lambda::Function")): 1,
        (("linter", "AWS::Lambda::Function"), ("DynamoDB", "AWS::DynamoDB")): 1,
    }
    (root,) = [node for node in graph if node.get("Root")]
    assert root["SummaryStatistics"]["FaultStatistics"]["TotalCount"] == 1
    assert root["SummaryStatistics"]["OkCount"] == 0
