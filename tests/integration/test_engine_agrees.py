"""What the compiler emits for any graph, run by the local engine, against an executor of a few lines.

The agents are fakes in this process, so that a graph takes a fraction of a second; what they do at gates is what the
runtime of real agents does. The reference knows nothing of states, branches or gates: it walks the graph.
"""

from __future__ import annotations

import itertools
import json
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from graphlib import TopologicalSorter
from types import SimpleNamespace
from typing import Any, cast
from unittest import mock

import pytest
from hypothesis import HealthCheck, Phase, event, given, settings
from hypothesis import strategies as st
from moto.core.base_backend import BackendDict
from moto.core.model_instances import reset_model_data
from moto.server import DomainDispatcherApplication, create_backend_app
from moto.stepfunctions.parser.asl.component.common.retry import retrier_decl
from pydantic import JsonValue

from lambdas.contract.event import TaskEvent
from lambdas.contract.failure import TaskFailure
from lambdas.runtime import gates
from lambdas.runtime.errors import TransientError
from scripts.local_cloud.adapters.engine_clients import InProcessClients
from scripts.local_cloud.adapters.patch import replaced
from scripts.local_cloud.adapters.quiet_logs import quiet_logs
from scripts.local_cloud.adapters.step_functions import step_functions_adapters
from scripts.local_cloud.lambda_runtime.invocation import InvocationResult
from scripts.local_cloud.server import WsgiApplication
from state_machines.compiler import compile as stages
from state_machines.compiler.compile import CompiledWorkflow, compile_dag
from state_machines.compiler.limits import states_of
from state_machines.compiler.partition import Weight
from state_machines.graph.arguments import results_in
from state_machines.graph.dag import Dag
from tests.properties.graphs import dags

URL = "http://localhost"
ROLE = "arn:aws:iam::123456789012:role/any"
SUBSTITUTIONS = {
    "agent_worker": "arn:aws:lambda:us-east-1:123456789012:function:worker",
    "gates_table": "gates",
}
SEED = 7
PATIENCE_SECONDS = 30
"""After that an execution is taken to hang; one takes some tens of milliseconds."""

NOTES: st.SearchStrategy[JsonValue] = st.sampled_from(
    [None, "", 0, 1.5, [], {}, [None], "says \"'{}'\" \\ $.a\n", "naïve ☃", {"a.$": "$.b", "Error": 1}]
)


class BrokenError(Exception):
    """What a task fails with for good."""


@dataclass(frozen=True)
class Conduct:
    """How the agent of one task behaves: as a real one might.

    Parameters
    ----------
    transient : int
        How many attempts fail before one does not.
    broken : bool
        Whether that one fails for good.
    dies_late : bool
        Whether the attempt that has a result dies after it arrived at its gates, before it could return.
    milliseconds : int
        How long an attempt takes.
    note : JSON
        Part of the result.
    """

    transient: int = 0
    broken: bool = False
    dies_late: bool = False
    milliseconds: int = 0
    note: JsonValue = None

    def error(self, retries: int) -> str | None:
        """Return what the task fails with in the end."""
        return "TransientError" if self.transient > retries else "BrokenError" if self.broken else None

    def attempts(self, retries: int) -> int:
        """Return how often it is run."""
        return min(self.transient, retries) + 1 + (self.dies_late and self.error(retries) is None)


def _result(task: str, given: JsonValue, note: JsonValue) -> JsonValue:
    """Compute what a task returns; every result of its ancestors shows in it, shortened."""
    text = json.dumps(given, sort_keys=True)
    return {"made_by": task, "from": sum(position * ord(sign) for position, sign in enumerate(text)), "note": note}


def _failure(task: str, error: str) -> JsonValue:
    return {"Error": error, "Cause": {"errorType": error, "errorMessage": task}}


def _readable(value: JsonValue) -> JsonValue:
    """Return a value with the cause of a failure, which is JSON in JSON, as what it says."""
    if isinstance(value, dict) and TaskFailure.looks_like(value):
        return {"Error": value["Error"], "Cause": json.loads(cast("str", value["Cause"]))}
    return value


@dataclass
class Expected:
    """What the graph itself says must happen."""

    values: dict[str, JsonValue] = field(default_factory=dict)
    given: dict[str, list[JsonValue]] = field(default_factory=dict)
    attempts: dict[str, int] = field(default_factory=dict)
    fatal: dict[str, str] = field(default_factory=dict)


def _execute(dag: Dag, conducts: dict[str, Conduct]) -> Expected:
    """Walk the graph in topological order. A task behind a fatal failure never starts."""
    expected = Expected()
    for name in TopologicalSorter(dag.dependencies).static_order():
        task, conduct = dag.by_id[name], conducts[name]
        if not task.dependencies <= expected.values.keys():
            continue
        expected.given[name] = [expected.values[need] for need in results_in(dict(task.arguments)["given"])]
        expected.attempts[name] = conduct.attempts(task.retry.attempts)
        error = conduct.error(task.retry.attempts)
        if error is None:
            expected.values[name] = _result(name, expected.given[name], conduct.note)
        elif task.optional:
            expected.values[name] = _failure(name, error)
        else:
            expected.fatal[name] = error
    return expected


@dataclass
class Record:
    """What the agents saw in one execution of a workflow; moments are numbers that only grow."""

    conducts: dict[str, Conduct]
    attempts: Counter[str] = field(default_factory=Counter)
    given: list[tuple[str, JsonValue]] = field(default_factory=list)
    started: dict[str, int] = field(default_factory=dict)
    ended: dict[str, int] = field(default_factory=dict)


class Workers:
    """All functions: takes the events of tasks, and behaves as the record of their execution says."""

    def __init__(self) -> None:
        self._moments = itertools.count()
        self._lock = threading.Lock()
        self.records: dict[str, Record] = {}

    def snapshot(self, execution: str) -> Record:
        """Return what was recorded so far: branches of a failed execution may still be under way."""
        with self._lock:
            now = self.records[execution]
            return Record(now.conducts, Counter(now.attempts), list(now.given), dict(now.started), dict(now.ended))

    def invoke_function(
        self, function: str, payload: bytes, *, qualifier: str | None = None, client_context: str | None = None
    ) -> InvocationResult:
        error = None
        try:
            task = TaskEvent.model_validate_json(payload)
            answer = self._work(self.records[task.execution], task)
        except Exception as raised:  # noqa: BLE001 - as Lambda does
            error = "Unhandled"
            answer = {"errorType": type(raised).__name__, "errorMessage": str(raised)}
        return InvocationResult("id", json.dumps(answer).encode(), error, "$LATEST", 1.0, "")

    def _work(self, record: Record, task: TaskEvent) -> JsonValue:
        name, conduct = task.task, record.conducts[task.task]
        fetched = gates.fetch_published(task)
        given = [_readable(value) for value in cast("list[JsonValue]", fetched["given"])]
        with self._lock:
            record.started.setdefault(name, next(self._moments))
            attempt = record.attempts[name]
            record.attempts[name] += 1
            record.given.append((name, {**fetched, "given": given}))
        time.sleep(conduct.milliseconds / 1000)
        replayed = conduct.dies_late and attempt > conduct.transient
        with self._lock:
            if not replayed:
                record.ended[name] = next(self._moments)
        if attempt < conduct.transient:
            raise TransientError(name)
        if conduct.broken:
            raise BrokenError(name)
        result = _result(name, cast("JsonValue", given), conduct.note)
        if task.publish:
            gates.publish(task, result)
        gates.arrive(task)
        if conduct.dies_late and not replayed:
            raise TransientError(name)
        return result


@dataclass(frozen=True)
class Engine:
    """The local engine, with workers instead of functions."""

    client: Callable[[str], Any]
    workers: Workers
    numbers: Iterator[int] = field(default_factory=itertools.count)

    def run(self, workflow: CompiledWorkflow, conducts: dict[str, Conduct]) -> tuple[dict[str, Any], Record]:
        """Execute a workflow to its end; return the description of the execution and what the agents saw."""
        stepfunctions = self.client("stepfunctions")
        number = next(self.numbers)
        definitions = {"main": workflow.definition, **workflow.nested}
        names = {key: f"{key}-{number}".replace("_", "-") for key in definitions}
        arns = {key: f"arn:aws:states:us-east-1:123456789012:stateMachine:{name}" for key, name in names.items()}
        for key, definition in definitions.items():
            text = json.dumps(definition)
            for name, value in {**SUBSTITUTIONS, **arns}.items():
                text = text.replace(f"${{{name}}}", value)
            stepfunctions.create_state_machine(name=names[key], definition=text, roleArn=ROLE)
        execution = f"arn:aws:states:us-east-1:123456789012:execution:{names['main']}:run"
        self.workers.records[execution] = Record(conducts)
        stepfunctions.start_execution(stateMachineArn=arns["main"], name="run", input=json.dumps({"seed": SEED}))
        patience = time.monotonic() + PATIENCE_SECONDS
        while True:
            description: dict[str, Any] = stepfunctions.describe_execution(executionArn=execution)
            if description["status"] != "RUNNING":
                self._stop([arn for key, arn in arns.items() if key != "main"])
                return description, self.workers.snapshot(execution)
            assert time.monotonic() < patience, f"the execution hangs: {self.workers.snapshot(execution)}"
            time.sleep(0.003)

    def _stop(self, machines: list[str]) -> None:
        """Stop nested executions that a failed one left behind at gates, lest they are polled until the test ends."""
        stepfunctions = self.client("stepfunctions")
        for machine in machines:
            for execution in stepfunctions.list_executions(stateMachineArn=machine)["executions"]:
                if execution["status"] == "RUNNING":
                    stepfunctions.stop_execution(executionArn=execution["executionArn"])


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> Iterator[Engine]:
    """The engine with all its adapters, and the table of the gates."""
    application = cast("WsgiApplication", DomainDispatcherApplication(create_backend_app))
    workers, clients = Workers(), InProcessClients(application, URL)
    monkeypatch.setenv("STEPWEAVE_GATES_TABLE", "gates")
    monkeypatch.setattr(gates, "dynamodb", lambda: clients.client("us-east-1", "dynamodb"))
    monkeypatch.setattr(gates, "stepfunctions", lambda: clients.client("us-east-1", "stepfunctions"))
    with ExitStack() as adapters:
        adapters.enter_context(quiet_logs())
        for adapter in step_functions_adapters(application, URL, workers):
            adapters.enter_context(adapter)
        # Between attempts the engine waits for whole seconds, and nothing that is checked here depends on it.
        adapters.enter_context(replaced(retrier_decl, "time", SimpleNamespace(sleep=lambda _: time.sleep(0.001))))
        clients.client("us-east-1", "dynamodb").create_table(  # type: ignore[attr-defined]
            TableName="gates",
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )
        yield Engine(lambda service: clients.client("us-east-1", service), workers)
    BackendDict.reset()
    reset_model_data()


@st.composite
def _conducts(draw: st.DrawFn, dag: Dag) -> dict[str, Conduct]:
    """Draw how each task behaves. In most examples mandatory tasks succeed, else few executions would."""
    fatal = draw(st.sampled_from([False, True]))

    def conduct(task: str) -> Conduct:
        retries = dag.by_id[task].retry.attempts
        may_fail = fatal or dag.by_id[task].optional
        dies_late = draw(st.sampled_from([False] * 5 + [True]))
        transient = draw(st.sampled_from([0] * 6 + [1, 2]))
        if may_fail and draw(st.sampled_from([False] * 9 + [True])):
            transient = retries + 1
        broken = may_fail and draw(st.sampled_from([False, dag.by_id[task].optional, False, True]))
        return Conduct(transient, broken, dies_late and transient < retries, draw(st.integers(0, 3)), draw(NOTES))

    return {task: conduct(task) for task in dag.by_id}


def _check(dag: Dag, conducts: dict[str, Conduct], description: dict[str, Any], seen: Record) -> None:
    expected = _execute(dag, conducts)
    for task, received in seen.given:
        assert received == {"seed": SEED, "given": expected.given[task]}, task
        for needed in dag.by_id[task].dependencies:
            assert seen.started[task] > seen.ended[needed], f"{task} did not wait for {needed}"
    if not expected.fatal:
        assert description["status"] == "SUCCEEDED", description
        assert seen.attempts == expected.attempts
        output = _readable(json.loads(description["output"]))
        assert output == (expected.values[dag.result] if dag.result else {})
        return
    # Which of several failures comes first is open, and so is how far the other branches came.
    assert description["status"] == "FAILED", description
    assert "output" not in description
    assert seen.attempts.keys() <= expected.attempts.keys()
    assert all(count <= expected.attempts[task] for task, count in seen.attempts.items())
    error, cause = _first_error(description)
    assert expected.fatal.get(cause["errorMessage"]) == error == cause["errorType"]
    assert seen.attempts[cause["errorMessage"]] == expected.attempts[cause["errorMessage"]]


def _first_error(description: dict[str, Any]) -> tuple[str, dict[str, str]]:
    """Return the error and the cause of an execution; a nested one tells its own in the cause."""
    while description["error"] == "States.TaskFailed":
        nested = json.loads(description["cause"])
        description = {"error": nested["Error"], "cause": nested["Cause"]}
    return description["error"], json.loads(description["cause"])


def _kinds(workflow: CompiledWorkflow) -> set[str]:
    definitions = [workflow.definition, *workflow.nested.values()]
    resources = {state.get("Resource", "") for each in definitions for state in states_of(each).values()}
    gated = any(resource.endswith("waitForTaskToken") for resource in resources)
    published = any(resource.endswith("putItem") for resource in resources)
    return {
        kind
        for kind, is_so in {"gated": gated, "published": published, "nested": bool(workflow.nested)}.items()
        if is_so
    }


# Threads of the engine that outlive a failed execution end with errors of their own.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_the_engine_does_what_the_graph_says(engine: Engine) -> None:
    examples = Counter[str]()

    @settings(
        max_examples=130,
        derandomize=True,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(dags(20), st.data())
    def check(dag: Dag, data: st.DataObject) -> None:
        conducts = data.draw(_conducts(dag))
        # A small room cuts a workflow of a few tasks already.
        room = data.draw(st.sampled_from([stages._ROOM] * 3 + [Weight(9000, 400)]))
        with mock.patch.object(stages, "_ROOM", room):
            compiled = compile_dag(dag)
        description, seen = engine.run(compiled, conducts)
        for kind in (*_kinds(compiled), description["status"], "all"):
            examples[kind] += 1
            event(kind)
        _check(dag, conducts, description, seen)

    check()
    assert examples["gated"] * 5 > examples["all"], examples
    assert all(examples[kind] for kind in ("published", "nested", "SUCCEEDED", "FAILED")), examples
