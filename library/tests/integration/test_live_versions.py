"""A deployment publishes a version of what changed, the alias follows, and what was published before stays."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from stepweave.cdk.bundle import Bundler
from stepweave.cdk.naming import DEFAULT_ENVIRONMENT, LIVE, Names
from stepweave.cdk.platform import Platform, this_machine
from stepweave.cdk.stacks import add_stacks, create_app
from stepweave.compiler.compile import CompiledWorkflow, compile_workflow
from stepweave.functions.replayer.contract import ReplayResult, replayer
from stepweave.language.workflow import workflow
from stepweave.local_client.process import LocalCloudProcess
from stepweave.project.settings import require_project

FUNCTION = Names().function("replayer")
MACHINE = f"arn:aws:states:us-east-1:123456789012:stateMachine:{Names().state_machine('nap-twice')}"
PATIENCE_SECONDS = 60.0

Deploy = Callable[[int], None]


def napping(timeout: timedelta) -> CompiledWorkflow:
    """Nap twice, long enough for a deployment in between."""
    agent = replace(replayer, timeout=timeout)

    @workflow(timeout=timedelta(minutes=2))
    def nap_twice() -> ReplayResult:
        """Nap twice."""
        first = agent("first", seconds=0.5)
        return agent("second", seconds=0.1, dependencies=[first])

    return compile_workflow(nap_twice)


@pytest.fixture(scope="module")
def cloud() -> Iterator[LocalCloudProcess]:
    with LocalCloudProcess() as cloud:
        yield cloud


@pytest.fixture
def deploy(cloud: LocalCloudProcess, tmp_path: Path) -> Deploy:
    """Deploys the workflow with another timeout of its agent, which is part of what a version of a function holds."""

    def run(minutes: int) -> None:
        folder = tmp_path / f"{minutes}"
        app = create_app(folder, {**this_machine(), "environment": DEFAULT_ENVIRONMENT})
        add_stacks(app, [napping(timedelta(minutes=minutes))], Bundler(require_project(), Platform.native()))
        app.synth()
        cloud.deploy(folder)

    return run


def versions(cloud: LocalCloudProcess) -> tuple[list[str], str]:
    """Return the published versions of the function, and the one that is called."""
    client = cloud.session().client("lambda")
    published = client.list_versions_by_function(FunctionName=FUNCTION)["Versions"]
    called = client.get_alias(FunctionName=FUNCTION, Name=LIVE)["FunctionVersion"]
    return [one["Version"] for one in published if one["Version"] != "$LATEST"], called


def timeouts(cloud: LocalCloudProcess) -> dict[str, int]:
    """Return how long each version may take, in seconds."""
    published = cloud.session().client("lambda").list_versions_by_function(FunctionName=FUNCTION)["Versions"]
    return {one["Version"]: one["Timeout"] for one in published}


def ended(cloud: LocalCloudProcess, execution: str) -> Any:
    client = cloud.session().client("stepfunctions")
    deadline = time.monotonic() + PATIENCE_SECONDS
    while (described := client.describe_execution(executionArn=execution))["status"] == "RUNNING":
        assert time.monotonic() < deadline
        time.sleep(0.05)
    return described["status"]


def test_an_execution_outlives_a_deployment_and_calls_what_is_live_then(
    cloud: LocalCloudProcess, deploy: Deploy
) -> None:
    client = cloud.session().client("stepfunctions")
    deploy(1)
    assert versions(cloud) == (["1"], "1")
    before = client.start_execution(stateMachineArn=MACHINE, name="before")["executionArn"]
    deploy(2)
    assert versions(cloud) == (["1", "2"], "2"), "a version that something may still call stays"
    assert timeouts(cloud) == {"$LATEST": 120, "1": 60, "2": 120}, "a version is what was deployed with it"
    after = client.start_execution(stateMachineArn=MACHINE, name="after")["executionArn"]
    assert (ended(cloud, before), ended(cloud, after)) == ("SUCCEEDED", "SUCCEEDED")
    events = client.get_execution_history(executionArn=after)["events"]
    called = {
        event["lambdaFunctionScheduledEventDetails"]["resource"]
        for event in events
        if event["type"] == "LambdaFunctionScheduled"
    }
    assert called == {f"arn:aws:lambda:us-east-1:123456789012:function:{FUNCTION}:{LIVE}"}
    deploy(2)
    assert versions(cloud) == (["1", "2"], "2"), "nothing changed, so nothing is published"
    assert json.loads(client.describe_execution(executionArn=after)["output"])["task"] == "second"
