"""Moto without any adapter, and the means to look at what it does with and without one."""

import json
import time
from collections.abc import Callable, Iterator
from typing import Any, cast

import pytest
from moto.core.base_backend import BackendDict
from moto.core.model_instances import reset_model_data
from moto.server import DomainDispatcherApplication, create_backend_app

from scripts.local_cloud.adapters.engine_clients import InProcessClients
from scripts.local_cloud.server import WsgiApplication

ROLE = "arn:aws:iam::123456789012:role/test"

Client = Callable[[str], Any]
RunMachine = Callable[..., dict[str, Any]]
DeployTemplate = Callable[..., dict[str, Any]]


@pytest.fixture
def application() -> Iterator[WsgiApplication]:
    """All services of moto as they come."""
    yield cast("WsgiApplication", DomainDispatcherApplication(create_backend_app))
    BackendDict.reset()
    reset_model_data()


@pytest.fixture
def client(application: WsgiApplication) -> Client:
    """Gives a client of a service."""
    clients = InProcessClients(application, "http://localhost")
    return lambda service: clients.client("us-east-1", service)


@pytest.fixture
def run_machine(client: Client) -> RunMachine:
    """Runs a definition to its end and gives the description of the execution."""

    def run(definition: dict[str, Any], execution_input: str = "{}", name: str = "run") -> dict[str, Any]:
        stepfunctions = client("stepfunctions")
        machine = stepfunctions.create_state_machine(
            name=f"machine-{time.monotonic_ns()}", roleArn=ROLE, definition=json.dumps(definition)
        )["stateMachineArn"]
        execution = stepfunctions.start_execution(stateMachineArn=machine, name=name, input=execution_input)
        for _ in range(5000):
            description: dict[str, Any] = stepfunctions.describe_execution(executionArn=execution["executionArn"])
            if description["status"] != "RUNNING":
                return description
            time.sleep(0.002)
        raise AssertionError("the execution did not end")

    return run


@pytest.fixture
def deploy_template(client: Client) -> DeployTemplate:
    """Creates or updates a stack and gives its description."""

    def deploy(
        resources: dict[str, Any], outputs: dict[str, Any] | None = None, *, update: bool = False, **rest: Any
    ) -> dict[str, Any]:
        cloudformation = client("cloudformation")
        operation = cloudformation.update_stack if update else cloudformation.create_stack
        template = {"Resources": resources, "Outputs": outputs or {}, **rest}
        operation(StackName="test", TemplateBody=json.dumps(template))
        description: dict[str, Any] = cloudformation.describe_stacks(StackName="test")["Stacks"][0]
        return description

    return deploy
