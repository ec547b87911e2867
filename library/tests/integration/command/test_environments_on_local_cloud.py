"""Deployments of one project live side by side in one local cloud, and none touches another."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from typer.testing import CliRunner

from lambdas.reader.contract import Lines, reader
from lambdas.shared.texts import Texts
from stepweave.cdk.bundle import Bundler
from stepweave.cdk.naming import Names
from stepweave.cdk.platform import Platform, this_machine
from stepweave.cdk.stacks import add_stacks, create_app
from stepweave.command.breaker.table import BreakerTable
from stepweave.command.main import app
from stepweave.command.target.deployed_target import deployed_target
from stepweave.command.target.deployment import find_deployment, state_machines
from stepweave.compiler.compile import compile_workflow
from stepweave.contract.breaker_transition import forced_open
from stepweave.language.workflow import workflow
from stepweave.local_client.process import LocalCloudProcess
from stepweave.project.settings import require_project

ENVIRONMENTS = ("default", "staging", "alice")
NOWHERE = {"bucket": "nowhere", "key": "texts/0.json", "name": "nowhere"}
PATIENCE_SECONDS = 60.0


@workflow(timeout=timedelta(minutes=2))
def describe(texts: Texts) -> Lines:
    """Read texts, which fails if they are not there."""
    return reader("read", texts=texts)


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCloudProcess]:
    with LocalCloudProcess() as cloud:
        for environment in ENVIRONMENTS:
            folder = tmp_path_factory.mktemp(environment)
            synthesized = create_app(folder, {**this_machine(), "environment": environment})
            add_stacks(synthesized, [compile_workflow(describe)], Bundler(require_project(), Platform.native()))
            synthesized.synth()
            cloud.deploy(folder)
        yield cloud


@pytest.fixture
def command(cloud: LocalCloudProcess, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """Runs the command on the local cloud, and returns what it printed as JSON."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", cloud.endpoint_url)
    monkeypatch.delenv("STEPWEAVE_ENVIRONMENT", raising=False)

    def run(*arguments: str) -> Any:
        done = CliRunner().invoke(app, [*arguments, "--json"])
        assert done.exit_code == 0, done.output
        return json.loads(done.stdout)

    return run


def waiting(command: Callable[..., Any]) -> dict[str, int]:
    return {environment: len(command("dlq", "list", "--environment", environment)) for environment in ENVIRONMENTS}


def test_each_has_its_own_of_everything(cloud: LocalCloudProcess) -> None:
    client = cloud.session().client("cloudformation")
    found = {}
    for environment in ENVIRONMENTS:
        names = Names(environment=environment)
        assert list(state_machines(client, names)) == ["describe"]
        found[environment] = find_deployment(client, "describe", "here", "deploy it", names)
    assert len({one.payload_bucket for one in found.values()}) == len(ENVIRONMENTS)
    assert len({one.state_machine_arn for one in found.values()}) == len(ENVIRONMENTS)


@pytest.mark.slow
def test_what_fails_in_one_is_a_dead_letter_there_and_nowhere_else(
    cloud: LocalCloudProcess, command: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert waiting(command) == {"default": 0, "staging": 0, "alice": 0}
    client = cloud.session().client("cloudformation")
    machine = find_deployment(client, "describe", "here", "deploy it", Names(environment="staging")).state_machine_arn
    stepfunctions = cloud.session().client("stepfunctions")
    stepfunctions.start_execution(stateMachineArn=machine, name="lost", input=json.dumps({"texts": NOWHERE}))
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not any(waiting(command).values()):
        assert time.monotonic() < deadline
        time.sleep(0.1)
    assert waiting(command) == {"default": 0, "staging": 1, "alice": 0}
    monkeypatch.setenv("STEPWEAVE_ENVIRONMENT", "staging")
    (letter,) = command("dlq", "list")
    assert letter["of"] == "describe"
    assert command("dlq", "list", "--environment", "default") == []


def test_a_breaker_that_is_open_in_one_is_closed_in_the_others(cloud: LocalCloudProcess) -> None:
    tables = {
        environment: BreakerTable.of(
            deployed_target(cloud.endpoint_url, aws=False, local=False, environment=environment)
        )
        for environment in ENVIRONMENTS
    }
    tables["staging"].move("github-api", forced_open, "maintenance")
    assert {environment: list(table.read_all()) for environment, table in tables.items()} == {
        "default": [],
        "staging": ["github-api"],
        "alice": [],
    }


@pytest.mark.parametrize("wrong", ["pre-production", "Staging", "muchtoolongforthis"])
def test_an_environment_that_cannot_be_is_refused(cloud: LocalCloudProcess, wrong: str) -> None:
    arguments = ["dlq", "list", "--environment", wrong, "--endpoint-url", cloud.endpoint_url]
    done = CliRunner().invoke(app, arguments)
    assert done.exit_code == 2
    assert wrong in done.stderr
    assert "Traceback" not in done.output
