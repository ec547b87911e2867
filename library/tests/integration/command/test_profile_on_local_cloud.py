"""`stepweave profile` against a real local cloud."""

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from stepweave.command.main import app
from stepweave.command.profile import profile_workflow
from stepweave.compiler.learned_durations import LearnedDurations
from stepweave.local_client.process import LocalCloudProcess
from tests.integration.command.functions import ROLE, create_function, create_role

HANDLER = """
import time

def handler(event, context):
    if event["seconds"] < 0:
        raise ValueError("no such time")
    time.sleep(event["seconds"])
"""


@pytest.fixture(scope="module")
def cloud() -> Iterator[LocalCloudProcess]:
    """A local cloud with a state machine of word-count that sleeps as its input says, or fails."""
    with LocalCloudProcess() as cloud:
        create_role(cloud)
        function = create_function(cloud, "stepweave-sleeper", HANDLER)
        state = {"Type": "Task", "Resource": function, "ResultPath": None}
        parameters = [{"seconds.$": f"$.{task}"} for task in ("first", "second")]
        definition = {
            "StartAt": "first",
            "States": {
                "first": {**state, "Parameters": parameters[0], "Next": "second"},
                "second": {**state, "Parameters": parameters[1], "End": True},
            },
        }
        _create_stacks(cloud, definition)
        yield cloud


def _create_stacks(cloud: LocalCloudProcess, definition: dict[str, Any]) -> None:
    client = cloud.session().client("cloudformation")
    machine = {
        "Type": "AWS::StepFunctions::StateMachine",
        "Properties": {
            "StateMachineName": "stepweave-word-count",
            "RoleArn": ROLE,
            "DefinitionString": json.dumps(definition),
        },
    }
    bucket = {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": "payloads"}}
    for name, resource, output in (
        ("StepweaveStorage", bucket, "PayloadBucketName"),
        ("StepweaveWorkflows", machine, "WordCountStateMachineArn"),
    ):
        template = {"Resources": {"It": resource}, "Outputs": {output: {"Value": {"Ref": "It"}}}}
        client.create_stack(StackName=name, TemplateBody=json.dumps(template))


@pytest.fixture
def file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    found = tmp_path / "word_count.durations.json"
    monkeypatch.setattr(profile_workflow, "durations_file", lambda _: found)
    monkeypatch.chdir(tmp_path)
    return found


def profile(cloud: LocalCloudProcess, *options: str) -> Result:
    runner = CliRunner(env={"NO_COLOR": "1", "COLUMNS": "400", "AWS_ENDPOINT_URL": cloud.endpoint_url})
    return runner.invoke(app, ["profile", "word-count", *options])


def execute(cloud: LocalCloudProcess, **seconds: float) -> None:
    client = cloud.session().client("stepfunctions")
    machine = client.list_state_machines()["stateMachines"][0]["stateMachineArn"]
    arn = client.start_execution(stateMachineArn=machine, input=json.dumps(seconds))["executionArn"]
    while client.describe_execution(executionArn=arn)["status"] == "RUNNING":
        time.sleep(0.02)


def test_nothing_is_learned_before_anything_ran(cloud: LocalCloudProcess, file: Path) -> None:
    result = profile(cloud)
    assert result.exit_code == 1
    assert "no execution of word-count has succeeded" in result.stderr
    assert "stepweave run word-count" in result.stderr
    assert not file.exists()


def test_medians_of_what_succeeded_are_written(cloud: LocalCloudProcess, file: Path) -> None:
    execute(cloud, first=0.0, second=0.0)
    execute(cloud, first=1.2, second=-1.0)  # fails
    execute(cloud, first=0.0, second=0.6)
    execute(cloud, first=0.0, second=0.7)

    result = profile(cloud)
    assert result.exit_code == 0, result.stderr
    learned = LearnedDurations.model_validate_json(file.read_text())
    assert learned.executions == 3
    assert set(learned.seconds) == {"first", "second"}
    assert learned.seconds["second"] >= 0.6
    assert learned.seconds["first"] < learned.seconds["second"]
    assert "nothing was learned of read, count_words, count_lines, publish:" in result.stderr
    assert [path.name for path in file.parent.iterdir()] == [file.name]

    assert profile(cloud, "--executions", "1").exit_code == 0
    assert LearnedDurations.model_validate_json(file.read_text()).executions == 1
    assert LearnedDurations.model_validate_json(file.read_text()).seconds["second"] >= 0.7


def test_a_folder_that_cannot_be_written_to_is_named(
    cloud: LocalCloudProcess, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    execute(cloud, first=0.0, second=0.0)
    monkeypatch.setattr(profile_workflow, "durations_file", lambda _: file.parent / "gone" / file.name)
    result = profile(cloud)
    assert result.exit_code == 2
    assert "gone" in result.stderr
