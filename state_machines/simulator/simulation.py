"""Executes a definition as Step Functions would, with given task durations and no functions.

It reads the ASL alone, not the graph that it was compiled from, so that what it predicts is what was emitted.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import JsonValue

from lambdas.contract.event import TaskEvent
from lambdas.contract.gate import ARRIVED, WAITER, GateSignal, arrival, item_id
from state_machines.compiler.asl import Branch, Definition, State
from state_machines.simulator.paths import ExpressionError, read, render, write
from state_machines.simulator.processes import Clock, Fork, Process, Signal, Sleep
from state_machines.simulator.table import ConditionFailedError, Table

_EXECUTION = "arn:aws:states:us-east-1:123456789012:execution:simulated:1"
_PARALLEL_EVENTS, _ATTEMPT_EVENTS, _ENTRY_EVENTS, _EXECUTION_EVENTS = 2, 3, 2, 2


class TaskError(Exception):
    """What a simulated task raises in order to fail.

    Parameters
    ----------
    error, cause : str
        As Step Functions reports them.
    """

    def __init__(self, error: str, cause: str = "") -> None:
        super().__init__(error)
        self.error = error
        self.cause = cause


Run = Callable[[TaskEvent, int], JsonValue]
"""Takes a task's event and the number of its attempt, from 0; returns its result or raises `TaskError`."""


@dataclass
class Trace:
    """What happened in a simulated execution.

    Attributes
    ----------
    output : JsonValue
        The execution's output.
    makespan : float
        Seconds from start to end.
    started, ended : dict[str, float]
        For each task the start of its first attempt and the end of its last.
    events : dict[str, TaskEvent]
        The event of each task's last attempt.
    attempts : dict[str, int]
        How often each task was tried.
    transitions : int
        States entered.
    history_events : int
        Events in the execution's history.
    peak_payload_bytes : int
        The largest input or output of a state.
    """

    output: JsonValue = None
    makespan: float = 0.0
    started: dict[str, float] = field(default_factory=dict)
    ended: dict[str, float] = field(default_factory=dict)
    events: dict[str, TaskEvent] = field(default_factory=dict)
    attempts: dict[str, int] = field(default_factory=dict)
    transitions: int = 0
    history_events: int = _EXECUTION_EVENTS
    peak_payload_bytes: int = 0


def simulate(
    definition: Definition,
    execution_input: JsonValue,
    run: Run,
    seconds: Mapping[str, float] | None = None,
) -> Trace:
    """Execute a definition.

    Parameters
    ----------
    definition : Definition
        The state machine.
    execution_input : JsonValue
        Its input.
    run : Run
        Stands for every agent.
    seconds : Mapping[str, float]
        How long an attempt of each task takes; 0 where it is not said.

    Raises
    ------
    TaskError
        If the execution fails.
    DeadlockError
        If a gate never opens.
    ExpressionError
        If a state refers to what is not there.
    """
    simulation = _Simulation(run, seconds or {}, execution_input)
    simulation.trace.output = simulation.clock.run(simulation.branch(definition, execution_input))
    simulation.trace.makespan = simulation.clock.now
    return simulation.trace


class _Simulation:
    def __init__(self, run: Run, seconds: Mapping[str, float], execution_input: JsonValue) -> None:
        self.clock = Clock()
        self.trace = Trace()
        self._run = run
        self._seconds = seconds
        self._execution: JsonValue = {"Id": _EXECUTION, "Input": execution_input}
        self._gates = Table()
        self._tokens: dict[str, Signal] = {}

    def branch(self, branch: Branch, document: JsonValue) -> Process:
        """Execute states from the first to one that ends; the result is its output."""
        name: str | None = branch["StartAt"]
        while name is not None:
            state = branch["States"][name]
            self.trace.transitions += 1
            self.trace.history_events += _ENTRY_EVENTS
            self._weigh(document)
            try:
                document, name = yield from self._state(name, state, document)
            except TaskError as failure:
                catcher = _matching(state.get("Catch", []), failure)
                if catcher is None:
                    raise
                error: JsonValue = {"Error": failure.error, "Cause": failure.cause}
                document = write(document, catcher.get("ResultPath", "$"), error)
                name = catcher["Next"]
            self._weigh(document)
        return document

    def _state(self, name: str, state: State, document: JsonValue) -> Process:
        if state["Type"] == "Choice":
            return document, _chosen(state, document)
        token = f"{name}@{self.trace.transitions}"
        context: JsonValue = {"Execution": self._execution, "Task": {"Token": token}}
        given = {} if "InputPath" in state else document
        if "Parameters" in state:
            given = render(state["Parameters"], document, context)
        match state["Type"]:
            case "Parallel":
                self.trace.history_events += _PARALLEL_EVENTS
                result = yield Fork(tuple(self.branch(branch, given) for branch in state["Branches"]))
                self._weigh(result)
            case "Task":
                result = yield from self._attempts(name, state, given, token)
            case _:
                result = given
        if "ResultSelector" in state:
            result = render(state["ResultSelector"], result, context)
        document = write(document, state.get("ResultPath", "$"), result)
        path = state.get("OutputPath", "$")
        return ({} if path is None else read(path, document, context)), state.get("Next")

    def _attempts(self, name: str, state: State, given: JsonValue, token: str) -> Process:
        attempt = 0
        while True:
            self.trace.history_events += _ATTEMPT_EVENTS
            try:
                return (yield from self._task(name, state["Resource"], given, token, attempt))
            except TaskError as failure:
                retrier = _matching(state.get("Retry", []), failure)
                if retrier is None or attempt >= retrier["MaxAttempts"]:
                    raise
                yield Sleep(
                    min(retrier["IntervalSeconds"] * retrier["BackoffRate"] ** attempt, retrier["MaxDelaySeconds"])
                )
                attempt += 1

    def _task(self, name: str, resource: str, given: JsonValue, token: str, attempt: int) -> Process:
        if resource.startswith("arn:aws:states:::aws-sdk:"):
            return (yield from self._integration(resource.removeprefix("arn:aws:states:::aws-sdk:"), given, token))
        event = TaskEvent.model_validate(given)
        self.trace.started.setdefault(name, self.clock.now)
        self.trace.attempts[name] = attempt + 1
        self.trace.events[name] = event
        yield Sleep(self._seconds.get(name, 0.0))
        self.trace.ended[name] = self.clock.now
        result = self._run(event, attempt)
        for signal in event.signals:
            self._arrive(event.task, signal)
        return result

    def _arrive(self, task: str, signal: GateSignal) -> None:
        """Do what an agent does before it returns."""
        item = self._gates.update(
            {
                "Key": {"id": {"S": item_id(_EXECUTION, signal.gate)}},
                "ConditionExpression": "attribute_not_exists(#me)",
                "UpdateExpression": "SET #me = :yes ADD arrived :one",
                "ExpressionAttributeNames": {"#me": arrival(task)},
                "ExpressionAttributeValues": {":yes": {"S": "done"}, ":one": {"N": "1"}},
            }
        )
        if int(item[ARRIVED]["N"]) >= signal.need and WAITER in item:
            self.clock.give(self._tokens[item[WAITER]["S"]])

    def _integration(self, call: str, given: Any, token: str) -> Process:
        try:
            match call:
                case "dynamodb:updateItem.waitForTaskToken":
                    self.trace.history_events += 1
                    self._gates.update(given)
                    self._tokens[token] = Signal()
                    yield self._tokens[token]
                    return {}
                case "dynamodb:updateItem":
                    return {"Attributes": self._gates.update(given)}
                case "dynamodb:getItem":
                    return {"Item": self._gates.get(given)}
                case "dynamodb:putItem":
                    self._gates.put(given)
                    return {}
                case "sfn:sendTaskSuccess":
                    self.clock.give(self._tokens[given["TaskToken"]])
                    return {}
        except ConditionFailedError as error:
            raise TaskError("DynamoDb.ConditionalCheckFailedException", str(error)) from error
        raise ValueError(f"the integration {call} is not simulated")

    def _weigh(self, document: JsonValue) -> None:
        self.trace.peak_payload_bytes = max(self.trace.peak_payload_bytes, len(json.dumps(document)))


def _matching(rules: list[Any], failure: TaskError) -> Any:
    return next(
        (rule for rule in rules if failure.error in rule["ErrorEquals"] or "States.ALL" in rule["ErrorEquals"]), None
    )


def _chosen(state: State, document: JsonValue) -> str:
    for rule in state["Choices"]:
        assert isinstance(rule, dict)  # noqa: S101
        if _holds(rule, document):
            return str(rule["Next"])
    return state["Default"]


def _holds(rule: Any, document: JsonValue) -> bool:
    if "And" in rule:
        return all(_holds(each, document) for each in rule["And"])
    try:
        value = read(rule["Variable"], document, None)
    except ExpressionError:
        if "IsPresent" in rule:
            return not rule["IsPresent"]
        raise
    return bool(rule["IsPresent"] if "IsPresent" in rule else value == rule["StringEquals"])
