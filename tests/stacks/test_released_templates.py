"""An upgrade from a release replaces nothing that holds data, and nothing that has a name of its own.

``released/`` has, for each release, the resources that CloudFormation would replace with the loss of what they hold,
or could not replace because their name is taken: each by its logical id, with the properties whose change replaces it.
What belonged to an agent or a workflow that the project no longer has may go with it.
"""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from stepweave.project.agents import agent_names
from stepweave.project.catalog import workflows
from stepweave.project.settings import require_project

PROJECT = Path(__file__).resolve().parents[2]
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


@pytest.fixture(scope="module")
def upgraded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The cloud assembly of this project as it is now."""
    if not workflows():
        pytest.skip("the project has no workflow to deploy")
    folder = tmp_path_factory.mktemp("upgraded") / "cdk.out"
    variables = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "STEPWEAVE_"))}
    done = subprocess.run(
        [sys.executable, "app.py"],
        cwd=PROJECT,
        env={**variables, "CDK_OUTDIR": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return folder


def template(folder: Path, stack: str, part: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / f"{stack}.template.json").read_text()).get(part, {})
    return found


def is_of_what_is_left(stack: str, logical_id: str) -> bool:
    """Say whether the project still has what a resource or an output of a stack belonged to."""
    owners: tuple[str, ...] = ("",)
    if stack == "StepweaveAgents":
        owners = ("SystemDeadLetters", *(logical(name) for name in agent_names(require_project())))
    elif stack == "StepweaveWorkflows":
        owners = tuple(logical(name) for name in workflows())
    return logical_id.startswith(owners)


def logical(name: str) -> str:
    """Return what the logical ids of an agent's or a workflow's resources begin with."""
    return "".join(part.capitalize() for part in name.replace("-", "_").split("_"))


@pytest.mark.parametrize("release", RELEASES, ids=lambda file: file.stem)
def test_an_upgrade_replaces_nothing_that_holds_data(release: Path, upgraded: Path) -> None:
    for stack, was in json.loads(release.read_text()).items():
        now = template(upgraded, stack, "Resources")
        left = {key: one for key, one in was["resources"].items() if is_of_what_is_left(stack, key)}
        for logical_id, resource in left.items():
            kind, properties = resource["Type"], now.get(logical_id, {}).get("Properties", {})
            kept = {name: properties[name] for name in REPLACING[kind] if name in properties}
            assert (now.get(logical_id, {}).get("Type"), kept) == (kind, resource["Properties"]), logical_id


@pytest.mark.parametrize("release", RELEASES, ids=lambda file: file.stem)
def test_an_upgrade_keeps_what_others_read_of_the_stacks(release: Path, upgraded: Path) -> None:
    """An export that another stack imports cannot go, and the command of before reads the outputs."""
    for stack, was in json.loads(release.read_text()).items():
        now = template(upgraded, stack, "Outputs")
        left = {key: export for key, export in was["outputs"].items() if is_of_what_is_left(stack, key)}
        assert left.items() <= {key: out.get("Export", {}).get("Name") for key, out in now.items()}.items()


def test_there_is_a_release_to_upgrade_from() -> None:
    assert RELEASES
