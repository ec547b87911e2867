"""An upgrade from a release replaces nothing that holds data, and nothing that has a name of its own.

``released/`` has, for each release, the resources that CloudFormation would replace with the loss of what they hold,
or could not replace because their name is taken: each by its logical id, with the properties whose change replaces it.
"""

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from stepweave.cdk.naming import Names
from stepweave.compiler.compile import CompiledWorkflow, compile_dag, compile_workflow
from stepweave.functions.replayer.contract import ReplayResult
from stepweave.language.workflow import workflow
from tests.unit.cdk.assembly import Assembly, Synthesize
from tests.unit.cdk.conftest import RELEASED_AGENTS

RELEASES = sorted(Path(__file__).with_name("released").glob("*.json"))
REPLACING: dict[str, tuple[str, ...]] = {
    "AWS::DynamoDB::Table": ("TableName", "KeySchema", "AttributeDefinitions", "LocalSecondaryIndexes"),
    "AWS::Events::EventBus": ("Name",),
    "AWS::Lambda::Function": ("FunctionName", "PackageType"),
    "AWS::Logs::LogGroup": ("LogGroupName", "LogGroupClass"),
    "AWS::S3::Bucket": ("BucketName",),
    "AWS::SQS::Queue": ("QueueName", "FifoQueue"),
    "AWS::StepFunctions::StateMachine": ("StateMachineName", "StateMachineType"),
}


@workflow(timeout=timedelta(minutes=1))
def code_review() -> ReplayResult:
    """Call agents of the names that the released templates have: logical ids follow from names alone."""
    *others, last = RELEASED_AGENTS
    results = [agent(agent.name) for agent in others]
    return last("last", dependencies=results)


@pytest.fixture(scope="module")
def upgraded(synthesize: Synthesize, compiled: list[CompiledWorkflow]) -> Assembly:
    return synthesize(
        [*compiled, compile_workflow(code_review)], dag=compile_dag(replace(compiled[0].dag, name="dag-naps"))
    )


@pytest.mark.parametrize("release", RELEASES, ids=lambda file: file.stem)
def test_an_upgrade_replaces_nothing_that_holds_data(release: Path, upgraded: Assembly) -> None:
    stacks: dict[str, Any] = json.loads(release.read_text())
    assert Names().storage_stack in stacks
    for stack, was in stacks.items():
        now = json.loads((upgraded.folder / f"{stack}.template.json").read_text())["Resources"]
        for logical_id, resource in was["resources"].items():
            kind, properties = resource["Type"], now.get(logical_id, {}).get("Properties", {})
            kept = {name: properties[name] for name in REPLACING[kind] if name in properties}
            assert (now.get(logical_id, {}).get("Type"), kept) == (kind, resource["Properties"]), logical_id


@pytest.mark.parametrize("release", RELEASES, ids=lambda file: file.stem)
def test_an_upgrade_keeps_what_others_read_of_the_stacks(release: Path, upgraded: Assembly) -> None:
    """An export that another stack imports cannot go, and the command of before reads the outputs."""
    for stack, was in json.loads(release.read_text()).items():
        now = json.loads((upgraded.folder / f"{stack}.template.json").read_text()).get("Outputs", {})
        assert was["outputs"].items() <= {key: out.get("Export", {}).get("Name") for key, out in now.items()}.items()


def test_there_is_a_release_to_upgrade_from() -> None:
    assert RELEASES
