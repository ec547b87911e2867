"""A DAG file as CDK context, and what is deployed for it."""

import json
from pathlib import Path
from typing import Any

import pytest

from stepweave.cdk.dag_deployment import DagDeployment
from stepweave.cdk.errors import SynthesisError
from stepweave.compiler.compile import CompiledWorkflow
from stepweave.dag_files.errors import DagFileError
from stepweave.functions.replayer.contract import replayer
from tests.unit.cdk.assembly import Synthesize


@pytest.fixture
def dag(tmp_path: Path) -> Path:
    path = tmp_path / "naps.json"
    path.write_text(json.dumps({"tasks": [{"id": "a", "seconds": 10}, {"id": "b", "seconds": 1, "depends_on": ["a"]}]}))
    return path


@pytest.mark.parametrize(
    "deployed", [DagDeployment(Path("x")), DagDeployment(Path("x"), 0.1), DagDeployment(Path("x"), 1 / 3, True)]
)
def test_what_becomes_context_is_read_back(deployed: DagDeployment) -> None:
    assert DagDeployment.from_context(deployed.context(deployed.path).get) == deployed


def test_without_a_file_there_is_nothing_to_deploy() -> None:
    assert DagDeployment.from_context({"time_scale": "2"}.get) is None


@pytest.mark.parametrize(
    "context",
    [{"dag": ""}, {"dag": 5}, *({"dag": "x", "time_scale": scale} for scale in ("fast", "-1", "nan", "inf")),
     {"dag": "x", "shorten_ids": "maybe"}],
)  # fmt: skip
def test_context_that_makes_no_sense_is_refused(context: dict[str, Any]) -> None:
    name = list(context)[-1]
    with pytest.raises(SynthesisError, match=f"context {name}"):
        DagDeployment.from_context(context.get)


def test_a_file_is_compiled_at_its_scale(dag: Path) -> None:
    compiled = DagDeployment(dag, 0.5).compile()
    assert compiled.name == "dag-naps"
    assert compiled.definition["States"]["a"]["Parameters"]["input"] == {"seconds": 5.0}
    with pytest.raises(DagFileError, match="time scale of at most 87"):
        DagDeployment(dag, 100).compile()


def test_it_gets_a_stack_of_its_own_beside_the_workflows(
    dag: Path, synthesize: Synthesize, compiled: list[CompiledWorkflow]
) -> None:
    assembly = synthesize(compiled, dag=DagDeployment(dag).compile())
    stacks = {name: body for name, body in assembly.manifest["artifacts"].items() if "stack" in body["type"]}
    assert "StepweaveAgents" in stacks["StepweaveDagNaps"]["dependencies"]
    template = json.loads((assembly.folder / "StepweaveDagNaps.template.json").read_text())
    assert {"DagStateMachineArn", "DagFailureQueueUrl"} <= set(template["Outputs"])
    without = synthesize(compiled)
    assert [template.body for template in assembly.templates] == [template.body for template in without.templates]


def test_the_agents_of_dag_files_keep_their_functions_without_one(
    synthesize: Synthesize, compiled: list[CompiledWorkflow]
) -> None:
    counting = [workflow for workflow in compiled if workflow.name == "word-count"]
    names = [
        {function.properties["FunctionName"] for function in assembly.agents.all("AWS::Lambda::Function")}
        for assembly in (
            synthesize(counting),
            synthesize(counting, kept=[replayer]),
            synthesize(compiled, kept=[replayer]),
        )
    ]
    assert names[1] == names[0] | {"stepweave-replayer"}
    assert names[2] == names[1] | {"stepweave-guarded"}
