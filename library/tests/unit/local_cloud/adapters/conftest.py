"""Moto without any adapter, and the means to look at what it does with and without one."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from functools import partial
from queue import Empty, SimpleQueue
from typing import Any, TypeVar, cast

import pytest
from moto.core.base_backend import BackendDict
from moto.core.model_instances import reset_model_data
from moto.server import DomainDispatcherApplication, create_backend_app

from stepweave.local_cloud.adapters.cloudformation.custom_resources import Responses
from stepweave.local_cloud.adapters.cloudformation.operations import stack_operations
from stepweave.local_cloud.adapters.cloudformation.stack import Services
from stepweave.local_cloud.adapters.step_functions.assignments import assignments
from stepweave.local_cloud.adapters.step_functions.engine_clients import InProcessClients, in_process_clients
from stepweave.local_cloud.adapters.step_functions.evaluation_failures import evaluation_failures
from stepweave.local_cloud.adapters.step_functions.executing_engine import executing_engine
from stepweave.local_cloud.adapters.step_functions.execution_api import complete_execution_api
from stepweave.local_cloud.adapters.step_functions.execution_events import execution_status_events
from stepweave.local_cloud.adapters.step_functions.interruptible_executions import interruptible_executions
from stepweave.local_cloud.adapters.step_functions.jsonata_fields import jsonata_fields
from stepweave.local_cloud.adapters.step_functions.jsonata_states import jsonata_states
from stepweave.local_cloud.adapters.step_functions.lambda_tasks import in_process_functions
from stepweave.local_cloud.adapters.step_functions.nested_executions import nested_executions
from stepweave.local_cloud.adapters.step_functions.query_language import query_language_per_definition
from stepweave.local_cloud.adapters.step_functions.redrive import redrivable_executions
from stepweave.local_cloud.adapters.step_functions.state_machine_arns import state_machine_arns
from stepweave.local_cloud.adapters.step_functions.task_tokens import task_tokens
from stepweave.local_cloud.lambda_runtime.caller import Caller, Steps
from stepweave.local_cloud.lambda_runtime.invocation import InvocationResult
from stepweave.local_cloud.lambda_runtime.moto_backend import client_error
from stepweave.local_cloud.server import WsgiApplication

ROLE = "arn:aws:iam::123456789012:role/test"

T = TypeVar("T")
Client = Callable[[str], Any]
RunMachine = Callable[..., dict[str, Any]]
DeployTemplate = Callable[..., dict[str, Any]]


@contextmanager
def jsonata() -> Iterator[None]:
    """All adapters that JSONata states need."""
    with query_language_per_definition(), evaluation_failures(), jsonata_fields(), jsonata_states(), assignments():
        yield


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
def stacks(client: Client) -> Iterator[Responses]:
    """Stacks as the local cloud does them, with what takes the answers of custom resources."""
    responses = Responses("http://localhost")
    services = Services(lambda _, service: client(service), responses)
    with executing_engine(), state_machine_arns(), stack_operations(services):
        yield responses


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


def _first(ended: SimpleQueue[T | None]) -> Steps[T]:
    while (result := _next(ended, (yield partial(ended.put, None)))) is None:
        pass
    return result


def _next(ended: SimpleQueue[T | None], until: float | None) -> T | None:
    with suppress(Empty):
        return ended.get(timeout=None if until is None else max(until - time.monotonic(), 0.0))
    return None


class FakeFunctions:
    """Functions that are calls of this process, by name; an exception is the function's error."""

    lets_callers_leave = True

    def __init__(self) -> None:
        self.calls: list[tuple[str, Any]] = []
        self.by_name: dict[str, Callable[[Any], Any]] = {}

    def invoke_function(
        self,
        function: str,
        payload: bytes,
        *,
        qualifier: str | None = None,
        client_context: str | None = None,
        trace_header: str | None = None,
        caller: Caller | None = None,
    ) -> InvocationResult:
        if caller is None:
            return self._answer(function, payload)
        ended: SimpleQueue[InvocationResult | None] = SimpleQueue()
        threading.Thread(target=lambda: ended.put(self._answer(function, payload)), daemon=True).start()
        return caller.make(_first(ended), lambda _: None)

    def _answer(self, function: str, payload: bytes) -> InvocationResult:
        name = function.rpartition(":")[2]
        self.calls.append((name, json.loads(payload)))
        try:
            answer, function_error = self.by_name[name](json.loads(payload)), None
        except Exception as error:  # noqa: BLE001 - that is the function's answer
            answer, function_error = {"errorType": type(error).__name__, "errorMessage": str(error)}, "Unhandled"
        return InvocationResult("id", json.dumps(answer).encode(), function_error, "$LATEST", 1.0)


class Engine:
    """The engine with some of its adapters, and fake functions."""

    def __init__(self, client: Any, functions: FakeFunctions, adapters: ExitStack) -> None:
        self.client = client
        self.functions = functions
        self._adapters = adapters

    def adapt(self, *adapters: AbstractContextManager[Any]) -> None:
        for adapter in adapters:
            self._adapters.enter_context(adapter)

    def create(self, definition: dict[str, Any], **fields: Any) -> str:
        name = fields.pop("name", f"machine-{time.monotonic_ns()}")
        machine: str = self.client.create_state_machine(
            name=name, roleArn=ROLE, definition=json.dumps(definition), **fields
        )["stateMachineArn"]
        return machine

    def start(self, definition: dict[str, Any] | str, execution_input: Any = None, **fields: Any) -> str:
        machine = definition if isinstance(definition, str) else self.create(definition)
        started = self.client.start_execution(
            stateMachineArn=machine, input=json.dumps(execution_input or {}), **fields
        )
        return str(started["executionArn"])

    def until(self, condition: Callable[[], Any]) -> Any:
        for _ in range(5000):
            if found := condition():
                return found
            time.sleep(0.002)
        raise AssertionError("it did not come about")

    def end(self, execution: str) -> dict[str, Any]:
        def ended() -> dict[str, Any] | None:
            description: dict[str, Any] = self.client.describe_execution(executionArn=execution)
            return description if description["status"] != "RUNNING" else None

        return cast("dict[str, Any]", self.until(ended))

    def history(self, execution: str) -> list[dict[str, Any]]:
        events: list[dict[str, Any]] = self.client.get_execution_history(executionArn=execution, maxResults=1000)[
            "events"
        ]
        return events

    def kinds(self, execution: str) -> list[str]:
        return [event["type"] for event in self.history(execution)]

    def until_event(self, execution: str, kind: str, count: int = 1) -> None:
        self.until(lambda: self.kinds(execution).count(kind) >= count)


@pytest.fixture
def bare_engine(application: WsgiApplication, client: Client) -> Iterator[Engine]:
    """The engine switched on, with fake functions and no other adapter."""
    functions = FakeFunctions()
    with ExitStack() as adapters:
        adapters.enter_context(executing_engine())
        adapters.enter_context(in_process_clients(application, "http://localhost"))
        adapters.enter_context(in_process_functions(functions, client_error))
        yield Engine(client("stepfunctions"), functions, adapters)


@pytest.fixture
def callers_leave() -> bool:
    """Whether tasks that have no time left leave their functions in the middle of a call, or another thread calls."""
    return True


@pytest.fixture
def engine(bare_engine: Engine, callers_leave: bool) -> Engine:
    """The engine with all that makes executions interruptible and redrivable."""
    bare_engine.adapt(
        complete_execution_api(),
        execution_status_events(),
        interruptible_executions(callers_leave=callers_leave),
        nested_executions(),
        task_tokens(),
        redrivable_executions(),
    )
    return bare_engine
