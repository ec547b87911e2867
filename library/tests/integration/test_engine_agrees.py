"""What the compiler emits for any graph, run by the local engine, against an executor of a few lines.

The agents are fakes in this process, so that a graph takes a fraction of a second; what they do at gates is what the
runtime of real agents does. The reference knows nothing of states, branches or gates: it walks the graph.
"""

from __future__ import annotations

import itertools
import json
import os
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from graphlib import TopologicalSorter
from typing import Any, cast
from unittest import mock

import pytest
from hypothesis import HealthCheck, Phase, event, given, settings
from hypothesis import strategies as st
from moto.core.base_backend import BackendDict
from moto.core.model_instances import reset_model_data
from moto.server import DomainDispatcherApplication, create_backend_app
from pydantic import JsonValue

from stepweave.compiler import compile as stages
from stepweave.compiler.compile import CompiledWorkflow, compile_dag
from stepweave.compiler.limits import states_of
from stepweave.compiler.partition import Weight
from stepweave.contract.breaker import CRASH_ERRORS, CRASH_PREFIX
from stepweave.contract.event import TaskEvent
from stepweave.contract.failure import TaskFailure
from stepweave.graph.arguments import results_in
from stepweave.graph.dag import Dag, Task
from stepweave.local_cloud.adapters.dynamodb.calls import direct_dynamodb_calls
from stepweave.local_cloud.adapters.patch import replaced
from stepweave.local_cloud.adapters.step_functions import engine_time
from stepweave.local_cloud.adapters.step_functions.adapters import step_functions_adapters
from stepweave.local_cloud.adapters.step_functions.engine_clients import InProcessClients
from stepweave.local_cloud.adapters.step_functions.quiet_logs import quiet_logs
from stepweave.local_cloud.lambda_runtime.invocation import InvocationResult
from stepweave.local_cloud.server import WsgiApplication
from stepweave.runtime import gates
from stepweave.runtime.errors import TransientError
from tests.dynamodb_tables import create_table
from tests.properties.graphs import dags

URL = "http://localhost"
ROLE = "arn:aws:iam::123456789012:role/any"
SUBSTITUTIONS = {
    "agent_worker": "arn:aws:lambda:us-east-1:123456789012:function:worker",
    "agent_guarded": "arn:aws:lambda:us-east-1:123456789012:function:guarded",
    "admission": "arn:aws:lambda:us-east-1:123456789012:function:admission",
    "gates_table": "gates",
    "breakers_table": "breakers",
}
SEED = 7
EXAMPLES = int(os.environ.get("STEPWEAVE_ENGINE_EXAMPLES", "40"))
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
    broken : str | None
        The error with which that one fails for good.
    has_result : bool
        Whether it arrives at its gates and publishes its result before it fails for good.
    dies_late : bool
        Whether the attempt that has a result dies after it arrived at its gates, before it could return.
    milliseconds : int
        How long an attempt takes.
    note : JSON
        Part of the result.
    """

    transient: int = 0
    broken: str | None = None
    has_result: bool = True
    dies_late: bool = False
    milliseconds: int = 0
    note: JsonValue = None

    def error(self, retries: int) -> str | None:
        """Return what the task fails with in the end."""
        return "TransientError" if self.transient > retries else self.broken

    def makes_result(self, retries: int) -> bool:
        """Tell whether it comes so far that it publishes a result."""
        return self.transient <= retries and (self.broken is None or self.has_result)

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
    crashes: set[str] = field(default_factory=set)


def _execute(dag: Dag, conducts: dict[str, Conduct], published: set[str]) -> Expected:
    """Walk the graph in topological order. A task behind a failure without any result never starts.

    Of a task that publishes, the first result that any of its alternatives published is the one that counts.
    """
    expected = Expected()
    for name in TopologicalSorter(dag.dependencies).static_order():
        task = dag.by_id[name]
        if not task.dependencies <= expected.values.keys():
            continue
        made: list[JsonValue] = []
        arrived: list[JsonValue] = []
        for one in task.alternatives:
            conduct, retries = conducts[one.id], one.retry.attempts
            expected.given[one.id] = [expected.values[need] for need in results_in(dict(one.arguments)["given"])]
            expected.attempts[one.id] = conduct.attempts(retries)
            error = conduct.error(retries)
            if conduct.makes_result(retries):
                arrived.append(_result(one.id, expected.given[one.id], conduct.note))
            if error is None or (name in published and conduct.makes_result(retries)):
                made.append(arrived[-1])
            if error is None:
                break
            if error in CRASH_ERRORS and one.agent.breaker and (one.fallback or task.optional):
                expected.crashes.add(one.id)
        if error is not None and not task.optional:
            expected.fatal[one.id] = error
            if arrived:  # who waited at a gate may start before the failure ends the execution
                expected.values[name] = arrived[0]
        else:
            expected.values[name] = made[0] if made else _failure(one.id, str(error))
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

    lets_callers_leave = False

    def __init__(self) -> None:
        self._moments = itertools.count()
        self._lock = threading.Lock()
        self.records: dict[str, Record] = {}

    def snapshot(self, execution: str) -> Record:
        """Return what was recorded so far: branches of a failed execution may still be under way."""
        with self._lock:
            now = self.records[execution]
            return Record(now.conducts, Counter(now.attempts), list(now.given), dict(now.started), dict(now.ended))

    def invoke_function(self, function: str, payload: bytes, **_: object) -> InvocationResult:
        error = None
        if function.endswith("admission"):
            return InvocationResult("id", json.dumps({"seed": SEED}).encode(), None, "$LATEST", 1.0)
        try:
            task = TaskEvent.model_validate_json(payload)
            answer = self._work(self.records[task.execution], task)
        except Exception as raised:  # noqa: BLE001 - as Lambda does
            error = "Unhandled"
            kind = raised.args[1] if isinstance(raised, BrokenError) else type(raised).__name__
            answer = {"errorType": kind, "errorMessage": raised.args[0]}
        return InvocationResult("id", json.dumps(answer).encode(), error, "$LATEST", 1.0)

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
        if conduct.broken and not conduct.has_result:
            raise BrokenError(name, conduct.broken)
        result = _result(name, cast("JsonValue", given), conduct.note)
        if task.publish:
            result = gates.publish(task, result)
        gates.arrive(task)
        if conduct.broken:
            raise BrokenError(name, conduct.broken)
        if conduct.dies_late and not replayed:
            raise TransientError(name)
        return result


class Impatient(engine_time.WallClock):
    """Waits between attempts no longer than a moment, since nothing that is checked here depends on it.

    The time limits of the tasks and of the execution, which wait in the same way, are a minute and more.
    """

    def wait(self, event: threading.Event, seconds: float | None, *, is_awaited: bool = True) -> bool:
        short = 0.001 if seconds is not None and seconds < 60 else seconds
        return super().wait(event, short, is_awaited=is_awaited)


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

    def forget_crashes(self) -> set[str]:
        """Return the tasks whose crashes the breaker's item names, and take them out of it."""
        dynamodb = self.client("dynamodb")
        items = dynamodb.scan(TableName="breakers")["Items"]
        for item in items:
            dynamodb.delete_item(TableName="breakers", Key={"id": item["id"]})
        return {name.rpartition("#")[2] for item in items for name in item if name.startswith(CRASH_PREFIX)}

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
    services = cast("WsgiApplication", DomainDispatcherApplication(create_backend_app))
    application = direct_dynamodb_calls(services, lambda: None)  # without it, conditional writes get lost
    workers, clients = Workers(), InProcessClients(application, URL)
    monkeypatch.setenv("STEPWEAVE_GATES_TABLE", "gates")
    monkeypatch.setattr(gates, "dynamodb", lambda: clients.client("us-east-1", "dynamodb"))
    monkeypatch.setattr(gates, "stepfunctions", lambda: clients.client("us-east-1", "stepfunctions"))
    with ExitStack() as adapters:
        adapters.enter_context(quiet_logs())
        for adapter in step_functions_adapters(application, URL, workers):
            adapters.enter_context(adapter)
        adapters.enter_context(replaced(engine_time, "clock", Impatient()))
        dynamodb: Any = clients.client("us-east-1", "dynamodb")
        for table in ("gates", "breakers"):
            create_table(dynamodb, table)
        yield Engine(lambda service: clients.client("us-east-1", service), workers)
    BackendDict.reset()
    reset_model_data()


@st.composite
def _conducts(draw: st.DrawFn, dag: Dag) -> dict[str, Conduct]:
    """Draw how each task behaves. In most examples mandatory tasks succeed, else few executions would."""
    fatal = draw(st.sampled_from([False, True]))

    def conduct(task: Task, optional: bool) -> Conduct:
        retries = task.retry.attempts
        may_fail = fatal or optional or task.fallback is not None
        dies_late = draw(st.sampled_from([False] * 5 + [True]))
        transient = draw(st.sampled_from([0] * 6 + [1, 2]))
        if may_fail and draw(st.sampled_from([False] * 9 + [True])):
            transient = retries + 1
        broken = None
        if may_fail and draw(st.sampled_from([False, optional or task.fallback is not None, False, True])):
            broken = draw(st.sampled_from(["BrokenError", "Runtime.ExitError"]))
        dies_late &= transient < retries and broken is None
        return Conduct(transient, broken, draw(st.booleans()), dies_late, draw(st.integers(0, 3)), draw(NOTES))

    return {one.id: conduct(one, task.optional) for task in dag.tasks for one in task.alternatives}


def _check(dag: Dag, expected: Expected, description: dict[str, Any], seen: Record) -> None:
    tasks = {one.id: task for task in dag.tasks for one in task.alternatives}
    for task, received in seen.given:
        assert received == {"seed": SEED, "given": expected.given[task]}, task
        for needed in tasks[task].dependencies:
            ended = min(seen.ended[one.id] for one in dag.by_id[needed].alternatives if one.id in seen.ended)
            assert seen.started[task] > ended, f"{task} did not wait for {needed}"
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


def _published(workflow: CompiledWorkflow) -> set[str]:
    """Return the tasks that publish their results."""
    states = {
        name: state
        for each in (workflow.definition, *workflow.nested.values())
        for name, state in states_of(each).items()
    }
    return {name for name, state in states.items() if state.get("Parameters", {}).get("publish")}


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


def test_the_engine_does_what_the_graph_says(engine: Engine) -> None:
    examples = Counter[str]()

    @settings(
        max_examples=EXAMPLES,
        derandomize=True,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(st.sampled_from([20] * 4 + [60]).flatmap(lambda most: dags(most, guarded_tasks=True)), st.data())
    def check(dag: Dag, data: st.DataObject) -> None:
        conducts = data.draw(_conducts(dag))
        # A small room cuts a workflow of a few tasks already.
        room = data.draw(st.sampled_from([stages._ROOM] * 3 + [Weight(9000, 400)]))
        with mock.patch.object(stages, "_ROOM", room):
            compiled = compile_dag(dag)
        expected = _execute(dag, conducts, _published(compiled))
        description, seen = engine.run(compiled, conducts)
        for kind in (*_kinds(compiled), description["status"], "all"):
            examples[kind] += 1
            event(kind)
        _check(dag, expected, description, seen)
        if not expected.fatal:
            assert engine.forget_crashes() == expected.crashes
            examples["fallback"] += any(task.fallback and task.fallback.id in seen.attempts for task in dag.tasks)
            examples["crashed"] += bool(expected.crashes)
        engine.forget_crashes()

    check()
    assert examples["gated"] * 5 > examples["all"], examples
    assert all(examples[kind] for kind in ("published", "nested", "SUCCEEDED", "FAILED", "fallback", "crashed")), (
        examples
    )
