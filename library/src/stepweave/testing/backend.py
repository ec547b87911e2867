"""What a test can do with workflows, wherever they run."""

from __future__ import annotations

import abc
import datetime
import secrets
import tempfile
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from time import monotonic, sleep  # by their names: a test may put others in their place
from typing import Any, Final, TypeAlias

import boto3
from pydantic import BaseModel, JsonValue

from stepweave.cdk.naming import Names
from stepweave.command.errors import CommandError
from stepweave.command.run.inputs import check_input
from stepweave.command.run.prepared import WordInput
from stepweave.command.target.deployment import Deployment, find_deployment
from stepweave.compiler.compile import CompiledWorkflow, compile_dag, compile_workflow
from stepweave.contract.agent import Agent
from stepweave.contract.argument import PreparedInput
from stepweave.contract.json_values import JsonType, NotJsonError, check_json, json_text
from stepweave.contract.refusal import RefusedError
from stepweave.graph.dag import Dag
from stepweave.language.workflow import Workflow
from stepweave.testing.agent_control import AgentControl
from stepweave.testing.errors import TestApiError, is_the_tests
from stepweave.testing.run import PATIENCE_SECONDS, Run
from stepweave.testing.service_control import ServiceControl

Runnable: TypeAlias = Workflow | Dag | CompiledWorkflow
"""What can be run: a ``@workflow`` function, a graph, or either compiled."""

__tracebackhide__ = is_the_tests

_POLL_SECONDS: Final = 0.005
_LONGEST_POLL_SECONDS: Final = 0.05


class Backend(abc.ABC):
    """Runs workflows for tests.

    Parameters
    ----------
    session : boto3.Session
        Makes the clients.
    names : Names
        The names of the deployment.
    """

    def __init__(self, session: boto3.Session, names: Names) -> None:
        self._session = session
        self._names = names
        self._clients: dict[str, Any] = {}
        self._started: list[Run] = []

    def client(self, service: str) -> Any:
        """Return a boto3 client of a service, always the same one."""
        if service not in self._clients:
            self._clients[service] = self._session.client(service)  # type: ignore[call-overload]
        return self._clients[service]

    @abc.abstractmethod
    def deploy(self, *workflows: Runnable) -> None:
        """Have workflows deployed. What is run is deployed anyway; several together cost no more than one."""

    @abc.abstractmethod
    def state_machine_arn(self, workflow: str) -> str:
        """Return the ARN of a deployed workflow's state machine."""

    @abc.abstractmethod
    def agent(self, agent: Agent[Any, Any] | str, task: str | None = None) -> AgentControl:
        """Return what makes an agent fail, return, wait or die; for one task only, if that is given."""

    @abc.abstractmethod
    def service(self, service: str) -> ServiceControl:
        """Return what makes calls of an AWS service fail."""

    @property
    @abc.abstractmethod
    def payload_bucket(self) -> str:
        """The bucket of stored inputs, large results and reports."""

    def start(self, workflow: Runnable | str, **inputs: object) -> Run:
        """Start an execution.

        Parameters
        ----------
        workflow : Runnable | str
            The workflow, which is deployed if it is not; or the ARN of a state machine.
        **inputs
            The input by name: JSON, models, and for an input whose type has an ``argument`` the `Path` or the text that
            a person would give: it is prepared, and sent when the workflow is deployed.

        Raises
        ------
        TestApiError
            If an input is missing, unknown or of the wrong type, or cannot be prepared.
        """
        words = _words(workflow, inputs) if isinstance(workflow, Workflow) else []
        by_word = {word.field.name for word in words}
        given = {name: _plain(value) for name, value in inputs.items() if name not in by_word}
        if isinstance(workflow, Workflow):
            given = _checked(workflow, given, by_word)
        with tempfile.TemporaryDirectory(prefix="stepweave-") as scratch:
            prepared = [(word, _prepared(word, Path(scratch))) for word in words]
            if not isinstance(workflow, str):
                self.deploy(workflow)
            given |= {word.field.name: self._sent(word, made) for word, made in prepared}
        arn = workflow if isinstance(workflow, str) else self.state_machine_arn(name_of(workflow))
        name = f"test-{secrets.token_hex(8)}"
        started = self.client("stepfunctions").start_execution(
            stateMachineArn=arn, name=name, input=json_text(given).decode()
        )
        run = Run(self, started["executionArn"])
        self._started.append(run)
        return run

    def run(self, workflow: Runnable | str, *, timeout: float = PATIENCE_SECONDS, **inputs: object) -> Run:
        """Start an execution and wait until it has ended, however it does; see `start` and `Run.wait`."""
        return self.start(workflow, **inputs).wait(timeout)

    def send_success(self, token: str, output: object = None) -> None:
        """Send a task token back, with the task's output."""
        self.client("stepfunctions").send_task_success(taskToken=token, output=json_text(_plain(output)).decode())

    def send_failure(self, token: str, error: str, cause: str = "") -> None:
        """Let the task of a token fail."""
        self.client("stepfunctions").send_task_failure(taskToken=token, error=error, cause=cause)

    def send_heartbeat(self, token: str) -> None:
        """Say that the work for a token goes on."""
        self.client("stepfunctions").send_task_heartbeat(taskToken=token)

    def now(self) -> datetime.datetime:
        """Return the time, aware and in UTC; where time is skipped, that of the local cloud."""
        return datetime.datetime.now(datetime.UTC)

    def sleep(self, seconds: float) -> None:
        """Let time pass."""
        sleep(seconds)

    def await_(self, is_done: Callable[[], bool], timeout: float) -> bool:
        """Wait until something is so, at most for seconds of real time, and tell whether it is."""
        deadline, pause = monotonic() + timeout, _POLL_SECONDS
        while not is_done():
            if monotonic() >= deadline:
                return False
            sleep(pause)
            pause = min(pause * 1.5, _LONGEST_POLL_SECONDS)
        return True

    def stop_runs(self) -> None:
        """Stop the executions of this test that are still under way."""
        for run in self._started:
            if run.status in {"RUNNING", "PENDING_REDRIVE"}:
                run.stop()
        self._started.clear()

    def failures(self) -> list[str]:
        """Return what there is to tell of the executions of this test that have failed."""
        failed = [(run, run.failure) for run in self._started]
        return [f"{run.arn.rpartition(':')[2]}: {failure.text}" for run, failure in failed if failure is not None]

    @property
    def ending(self) -> str | None:
        """Why there is nothing any more that could run workflows; None while there is."""
        return None

    def _deployment(self, workflow: str, where: str, how: str) -> Deployment:
        try:
            return find_deployment(self.client("cloudformation"), workflow, where, how, self._names)
        except CommandError as error:
            raise CommandError(f"{error.message}: {error.hint}") from None

    def _sent(self, word: WordInput, prepared: PreparedInput) -> JsonValue:
        try:
            return word.send(prepared, self.client("s3"), self.payload_bucket)
        except (CommandError, RefusedError) as error:
            raise _refused(error) from None


def compiled(workflow: Runnable) -> CompiledWorkflow:
    """Return a workflow compiled."""
    if isinstance(workflow, CompiledWorkflow):
        return workflow
    return compile_workflow(workflow) if isinstance(workflow, Workflow) else compile_dag(workflow)


def name_of(workflow: Runnable) -> str:
    """Return a workflow's name, such as ``word-count``."""
    return workflow.name


def _words(workflow: Workflow, inputs: Mapping[str, object]) -> list[WordInput]:
    """Return the inputs that are given as a person would, and not as their types write them."""
    found = [
        WordInput.of(field, str(inputs[field.name]))
        for field in workflow.inputs
        if isinstance(inputs.get(field.name), str | Path)
    ]
    return [word for word in found if word is not None]


def _prepared(word: WordInput, scratch: Path) -> PreparedInput:
    folder = scratch / word.field.name
    folder.mkdir()
    try:
        return word.prepare(folder)
    except (CommandError, RefusedError) as error:
        raise _refused(error) from None


def _checked(workflow: Workflow, given: Mapping[str, JsonValue], prepared: Collection[str]) -> dict[str, JsonValue]:
    try:
        return check_input(workflow, given, prepared)
    except CommandError as error:
        raise _refused(error) from None


def _refused(error: CommandError | RefusedError) -> TestApiError:
    hint = f": {error.hint}" if isinstance(error, CommandError) and error.hint else ""
    return TestApiError(f"{error}{hint}")


def _plain(value: object) -> JsonValue:
    if isinstance(value, BaseModel):
        return _written(value)
    if isinstance(value, Mapping) and all(isinstance(key, str) for key in value):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if value is None or isinstance(value, str | int | float | bool):
        try:
            check_json(value)
        except NotJsonError as error:
            raise TestApiError(f"{value!r} cannot be sent: {error}") from error
        return value
    raise TestApiError(
        f"{value!r} cannot be an input: give JSON, a model, or a Path where a workflow's input takes one"
    )


def _written(model: BaseModel) -> JsonValue:
    try:
        return JsonType.of(type(model)).dump(model)
    except NotJsonError as error:
        raise TestApiError(f"{model!r} cannot be sent: {error}") from error
