"""A workflow that is too large for one execution: its nested state machines, and what its role may do with them."""

from datetime import timedelta

from stepweave.cdk.naming import Names
from stepweave.compiler.compile import compile_dag
from stepweave.functions.replayer.contract import replayer
from stepweave.graph.arguments import Constant
from stepweave.graph.dag import Dag, Task
from tests.unit.cdk.assembly import Synthesize


def _large() -> Dag:
    note = "x" * 3000
    tasks = tuple(Task(f"t{number}", replayer, (("dependencies", Constant([note])),)) for number in range(300))
    return Dag("large", "Many naps", (), tasks, None, timedelta(hours=1))


def test_nested_state_machines_are_deployed_and_may_be_run(synthesize: Synthesize) -> None:
    workflow = compile_dag(_large())
    assert len(workflow.nested) >= 2
    assembly = synthesize([workflow])
    machines = assembly.workflows.all("AWS::StepFunctions::StateMachine")
    names = {machine.properties["StateMachineName"] for machine in machines}
    nested = {Names().state_machine(f"large-nested-{number + 1}") for number in range(len(workflow.nested))}
    assert names == {Names().state_machine("large"), *nested}

    (main,) = [
        machine for machine in machines if machine.properties["StateMachineName"] == Names().state_machine("large")
    ]
    wanted = {
        name: main.text(arn).rpartition(":")[2] for name, arn in main.properties["DefinitionSubstitutions"].items()
    }
    for name, deployed in wanted.items():
        if name.startswith("nested_"):
            assert deployed == Names().state_machine(f"large-{name.replace('_', '-')}")

    role = assembly.workflows.one("AWS::IAM::Role", Description="What the workflow large may do")
    allowed = {
        action: {role.text(resource).rpartition(":states:")[2] for resource in _list(statement["Resource"])}
        for policy in role.properties["Policies"]
        for statement in policy["PolicyDocument"]["Statement"]
        for action in _list(statement["Action"])
    }
    ends = {end.rpartition(":stateMachine:")[2] for end in allowed["states:StartExecution"]}
    assert ends == nested
    for action in ("states:DescribeExecution", "states:StopExecution"):
        assert {end.rpartition(":execution:")[2] for end in allowed[action]} == {f"{name}:*" for name in nested}


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else [value]
