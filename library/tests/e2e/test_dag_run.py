"""``stepweave run --dag`` as a user calls it: a graph that is not series-parallel, on a local cloud of its own."""

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import boto3
import pytest

from stepweave.functions.replayer.lineage import lineage
from tests.sample_project import environment, link_sample

pytestmark = pytest.mark.slow

NEEDS: dict[str, list[str]] = {
    "build:base+32bit": [],
    "b": [],
    "c": ["build:base+32bit"],
    "<<matrix.d>>": ["b", "build:base+32bit"],
    "last": ["<<matrix.d>>", "c"],
}
SECONDS = {"build:base+32bit": 4.0, "b": 1.0, "c": 1.0, "<<matrix.d>>": 6.0, "last": 0.0}
SCALE = 0.05


def stepweave(folder: Path, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", "from stepweave.command.main import main; main()", *map(str, arguments)],
        cwd=folder,
        env=environment(AWS_PROFILE="does-not-exist"),
        capture_output=True,
        text=True,
        check=False,
        timeout=280,
    )


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A project whose local cloud is up, with nothing deployed yet."""
    folder = link_sample(tmp_path_factory.mktemp("dag") / "project")
    try:
        started = stepweave(folder, "local", "up", "--port", "0", "--no-deploy")
        assert started.returncode == 0, started.stderr
        yield folder
    finally:
        stepweave(folder, "local", "down")


@pytest.fixture(scope="module")
def dag(project: Path) -> Path:
    path = project / "n-shape.json"
    tasks = [{"id": task, "seconds": SECONDS[task], "depends_on": needed} for task, needed in NEEDS.items()]
    path.write_text(json.dumps({"durations": "real", "tasks": tasks}))
    return path


@pytest.fixture(scope="module")
def ran(project: Path, dag: Path) -> dict[str, Any]:
    result = stepweave(project, "run", "--local", "--dag", dag, "--time-scale", str(SCALE), "--json")
    assert result.returncode == 0, result.stderr
    value: dict[str, Any] = json.loads(result.stdout)
    return value


@pytest.fixture(scope="module")
def results(project: Path, ran: dict[str, Any]) -> list[dict[str, Any]]:
    """What every call of an agent returned, from the execution's history."""
    endpoint = json.loads(stepweave(project, "local", "status", "--json").stdout)["endpoint_url"]
    client = boto3.client(
        "stepfunctions",
        endpoint_url=endpoint,
        region_name="us-east-1",
        aws_access_key_id="local",
        aws_secret_access_key="local",
    )
    pages = client.get_paginator("get_execution_history").paginate(executionArn=ran["execution_arn"])
    events = [event for page in pages for event in page["events"]]
    ended = [
        event["lambdaFunctionSucceededEventDetails"] for event in events if event["type"] == "LambdaFunctionSucceeded"
    ]
    return [json.loads(details["output"]) for details in ended]


def test_every_task_runs_exactly_once(ran: dict[str, Any], results: list[dict[str, Any]]) -> None:
    assert ran["status"] == "SUCCEEDED"
    assert list(ran["tasks"]) == list(NEEDS)
    assert {(task["status"], task["attempts"]) for task in ran["tasks"].values()} == {("done", 1)}
    assert Counter(result["task"] for result in results) == Counter(list(NEEDS))


def test_no_task_starts_before_its_dependencies_have_ended(results: list[dict[str, Any]]) -> None:
    by_task = {result["task"]: result for result in results}
    for task, needed in NEEDS.items():
        for one in needed:
            assert by_task[one]["finished"] <= by_task[task]["started"], f"{task} started before {one} had ended"


def test_every_task_is_given_the_results_of_its_dependencies_in_order(
    ran: dict[str, Any], results: list[dict[str, Any]]
) -> None:
    expected: dict[str, str] = {}
    for task, needed in NEEDS.items():
        expected[task] = lineage(task, [{"lineage": expected[one]} for one in needed])
    assert {result["task"]: result["lineage"] for result in results} == expected
    assert ran["output"] == next(result for result in results if result["task"] == "last")


def test_the_makespan_is_measured_beside_the_critical_path(ran: dict[str, Any]) -> None:
    assert ran["critical_path_seconds"] == (4.0 + 6.0) * SCALE
    started = min(datetime.fromisoformat(task["started"]) for task in ran["tasks"].values())
    finished = max(datetime.fromisoformat(task["finished"]) for task in ran["tasks"].values())
    # Each time is rounded to a millisecond of its own.
    assert ran["makespan_seconds"] == pytest.approx((finished - started).total_seconds(), abs=0.0021)
    assert ran["makespan_seconds"] >= ran["critical_path_seconds"]


def test_files_are_deployed_side_by_side_and_anew_if_they_change(project: Path, dag: Path, ran: dict[str, Any]) -> None:
    other = project / "other.json"
    other.write_text(json.dumps({"tasks": [{"id": "only", "seconds": 1}]}))
    shown = stepweave(project, "run", "--local", "--dag", other, "--time-scale", "0.01")
    assert shown.returncode == 0, shown.stderr
    assert "dag-other succeeded after" in shown.stdout
    assert "times the critical path of 0.01s" in shown.stdout
    again = stepweave(project, "run", "--local", "--dag", dag, "--time-scale", "0", "--json")
    assert again.returncode == 0, again.stderr
    assert json.loads(again.stdout)["critical_path_seconds"] == 0
    machine = ran["execution_arn"].replace(":execution:", ":stateMachine:").rpartition(":")[0]
    assert json.loads(again.stdout)["execution_arn"].startswith(machine.replace(":stateMachine:", ":execution:"))
