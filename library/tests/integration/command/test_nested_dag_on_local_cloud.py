"""`stepweave run --dag` and `stepweave profile` of a workflow that was cut into nested executions, on a local cloud."""

import json
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from unittest import mock

import pytest
from typer.testing import CliRunner, Result

from stepweave.cdk.platform import this_machine
from stepweave.cdk.stacks import add_stacks, create_app
from stepweave.command.main import app
from stepweave.command.profile import profile_workflow
from stepweave.compiler import compile as stages
from stepweave.compiler.learned_durations import LearnedDurations
from stepweave.compiler.partition import Weight
from stepweave.dag_files.compile import compile_dag_file
from stepweave.dag_files.read import read_dag_file
from stepweave.functions.replayer.lineage import lineage
from stepweave.local_client.process import LocalCloudProcess

ROOM = Weight(6000, 300)
"""So small that a workflow of a dozen tasks is cut."""

NEEDS = {f"t{number}": [f"t{number - 1}"] if number else [] for number in range(12)}
NEEDS |= {"crossing": ["t3", "t8"], "side": ["t2"], "last": ["t5", "side"]}
SINKS = ["t11", "crossing", "last"]


@pytest.fixture(scope="module")
def dag(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("dag") / "cut.json"
    tasks = [{"id": task, "seconds": 0.01, "depends_on": needed} for task, needed in NEEDS.items()]
    path.write_text(json.dumps({"durations": "real", "tasks": tasks}))
    return path


@pytest.fixture(scope="module")
def cloud(dag: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCloudProcess]:
    """A local cloud with the DAG file, cut."""
    with mock.patch.object(stages, "_ROOM", ROOM):
        compiled = compile_dag_file(read_dag_file(dag))
    assert len(compiled.nested) > 1
    folder = tmp_path_factory.mktemp("assembly")
    cdk_app = create_app(folder, this_machine())
    # The same workflow stands for word-count, whose executions `stepweave profile` can look at.
    add_stacks(cdk_app, [replace(compiled, dag=replace(compiled.dag, name="word-count"))], dag=compiled)
    cdk_app.synth()
    with LocalCloudProcess() as cloud:
        cloud.deploy(folder)
        yield cloud


def stepweave(cloud: LocalCloudProcess, *arguments: str | Path) -> Result:
    runner = CliRunner(env={"NO_COLOR": "1", "COLUMNS": "400", "AWS_ENDPOINT_URL": cloud.endpoint_url})
    return runner.invoke(app, [str(argument) for argument in arguments])


def _lineage(task: str) -> str:
    return lineage(task, [{"lineage": _lineage(needed)} for needed in NEEDS[task]])


def test_the_tasks_of_nested_executions_are_shown(cloud: LocalCloudProcess, dag: Path) -> None:
    result = stepweave(cloud, "run", "--dag", dag, "--json")
    assert result.exit_code == 0, result.stderr
    value = json.loads(result.stdout)
    assert {name: (task["outcome"], task["attempts"]) for name, task in value["tasks"].items()} == dict.fromkeys(
        NEEDS, ("succeeded", 1)
    )
    assert list(value["tasks"]) == list(NEEDS)
    assert value["makespan_seconds"] > 0
    lines = result.stderr.splitlines()
    assert all(any(line.startswith(f"{task} done") for line in lines) for task in NEEDS)


def test_several_last_tasks_give_several_results(cloud: LocalCloudProcess, dag: Path) -> None:
    value = json.loads(stepweave(cloud, "run", "--dag", dag, "--json").stdout)
    assert value["output"] == {}
    assert {task: result["lineage"] for task, result in value["results"].items()} == {
        task: _lineage(task) for task in SINKS
    }
    shown = stepweave(cloud, "run", "--dag", dag).stdout
    assert json.loads(shown[shown.index("{") :]).keys() == set(SINKS)


def test_the_durations_of_nested_executions_are_learned(
    cloud: LocalCloudProcess, dag: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    file = tmp_path / "durations.json"
    monkeypatch.setattr(profile_workflow, "durations_file", lambda _: file)
    client = cloud.session().client("stepfunctions")
    machine = "arn:aws:states:us-east-1:123456789012:stateMachine:stepweave-word-count"
    arn = client.start_execution(stateMachineArn=machine, input="{}")["executionArn"]
    while client.describe_execution(executionArn=arn)["status"] == "RUNNING":
        time.sleep(0.02)
    assert client.describe_execution(executionArn=arn)["status"] == "SUCCEEDED"
    result = stepweave(cloud, "profile", "word-count")
    assert result.exit_code == 0, result.stderr
    assert set(LearnedDurations.model_validate_json(file.read_text()).seconds) == set(NEEDS)
