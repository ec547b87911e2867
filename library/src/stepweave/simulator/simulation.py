"""Executes a definition as Step Functions would, with given task durations and no functions.

It reads the ASL alone, not the graph that it was compiled from, so that what it predicts is what was emitted.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, assert_never

from pydantic import JsonValue

from stepweave.compiler.asl import Branch, Definition, Retrier, State
from stepweave.contract.admission import REFERENCE_BYTES
from stepweave.contract.event import TaskEvent
from stepweave.contract.gate import ARRIVED, RESULT, WAITER, GateSignal, arrival, item_id
from stepweave.contract.reference import REFERENCE_KEY
from stepweave.simulator.choice import chosen
from stepweave.simulator.errors import TaskError, rule_for
from stepweave.simulator.paths import read, render, write
from stepweave.simulator.processes import Clock, Fork, Process, Signal, Sleep
from stepweave.simulator.size import json_size, json_text
from stepweave.simulator.table import ConditionFailedError, Table
from stepweave.simulator.trace import Trace

__all__ = ["Run", "TaskError", "Trace", "simulate"]

_EXECUTION = "arn:aws:states:us-east-1:123456789012:execution:simulated:"
_START_EXECUTION = "arn:aws:states:::states:startExecution.sync:2"
_ADMISSION = "${admission}"
_SDK = "arn:aws:states:::aws-sdk:"
_PARALLEL_EVENTS, _ATTEMPT_EVENTS, _SUBMITTED_EVENTS, _ENTRY_EVENTS, _EXECUTION_EVENTS = 2, 3, 1, 2, 2
_MAP_EVENTS, _ITERATION_EVENTS = 2, 2

Run = Callable[[TaskEvent, int], JsonValue]
"""Takes a task's event and the number of its attempt, from 0; returns its result or raises `TaskError`."""


def simulate(
    definition: Definition,
    execution_input: JsonValue,
    run: Run,
    seconds: Mapping[str, float] | None = None,
    nested: Mapping[str, Definition] | None = None,
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
    nested : Mapping[str, Definition]
        The state machines that it starts, by name: ``${name}`` stands for the ARN.

    Raises
    ------
    TaskError
        If the execution fails.
    DeadlockError
        If a gate never opens.
    ExpressionError
        If a state refers to what is not there.
    """
    simulation = _Simulation(run, seconds or {}, nested or {})
    simulation.trace.output = simulation.clock.run(simulation.execution(definition, execution_input))
    simulation.trace.makespan = simulation.clock.now
    return simulation.trace


@dataclass(frozen=True)
class _Scope:
    """Where a state runs: which execution, and which item of a ``Map``."""

    number: int
    execution_input: JsonValue
    item: JsonValue = None

    def context(self, token: str, now: float) -> JsonValue:
        """Return the context object of a state."""
        name = str(self.number)
        execution: JsonValue = {"Id": f"{_EXECUTION}{name}", "Name": name, "Input": self.execution_input}
        entered = datetime.fromtimestamp(now, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        return {
            "Execution": execution,
            "State": {"EnteredTime": entered},
            "Task": {"Token": token},
            "Map": {"Item": self.item},
        }


class _Simulation:
    def __init__(self, run: Run, seconds: Mapping[str, float], nested: Mapping[str, Definition]) -> None:
        self.clock = Clock()
        self.trace = Trace()
        self._run = run
        self._seconds = seconds
        self._nested = nested
        self._gates = Table()
        self._tokens: dict[str, Signal] = {}

    def execution(self, definition: Definition, execution_input: JsonValue) -> Process:
        """Run a definition as an execution of its own; the result is its output."""
        self.trace.histories.append(_EXECUTION_EVENTS)
        scope = _Scope(len(self.trace.histories) - 1, execution_input)
        return (yield from self._branch(definition, execution_input, scope))

    def _branch(self, branch: Branch, document: JsonValue, scope: _Scope) -> Process:
        """Execute states from the first to one that ends; the result is its output."""
        name: str | None = branch["StartAt"]
        while name is not None:
            state = branch["States"][name]
            self.trace.transitions += 1
            self._record(scope, _ENTRY_EVENTS)
            self._weigh(document)
            context = scope.context(f"{name}@{self.trace.transitions}", self.clock.now)
            try:
                document, name = yield from self._state(name, state, document, context, scope)
            except TaskError as failure:
                catcher = rule_for(failure.error, state.get("Catch", []))
                if catcher is None:
                    raise
                error: JsonValue = {"Error": failure.error, "Cause": failure.cause}
                document = write(document, catcher.get("ResultPath", "$"), error)
                name = catcher["Next"]
            self._weigh(document)
        return document

    def _state(self, name: str, state: State, document: JsonValue, context: Any, scope: _Scope) -> Process:
        path = state.get("InputPath", "$")
        given = {} if path is None else read(path, document, context)
        match state["Type"]:
            case "Choice":
                return given, chosen(state, given, context)
            case "Fail":
                raise TaskError(state.get("Error", ""), state.get("Cause", ""))
            case "Wait":
                yield Sleep(self._wait(state, given, context))
                return given, state.get("Next")
            case "Map":
                items = read(state.get("ItemsPath", "$"), given, context)
                result = yield from self._attempts(state, lambda _: self._map(state, items, given, scope), scope)
            case "Task" | "Parallel" | "Pass" | "Succeed" as kind:
                if "Parameters" in state:
                    given = render(state["Parameters"], given, context)
                    self._weigh(given)
                if kind == "Parallel":
                    result = yield from self._attempts(state, lambda _: self._parallel(state, given, scope), scope)
                elif kind == "Task":
                    result = yield from self._attempts(
                        state, lambda attempt: self._task(name, state["Resource"], given, attempt, scope), scope
                    )
                else:
                    result = state.get("Result", given)
                self._weigh(result)
            case other:
                assert_never(other)
        if "ResultSelector" in state:
            result = render(state["ResultSelector"], result, context)
        document = write(document, state.get("ResultPath", "$"), result)
        path = state.get("OutputPath", "$")
        return ({} if path is None else read(path, document, context)), state.get("Next")

    def _wait(self, state: State, given: JsonValue, context: Any) -> float:
        """Return how many seconds a ``Wait`` lasts. The simulated clock starts with the epoch."""
        if "TimestampPath" in state:
            until = datetime.fromisoformat(str(read(state["TimestampPath"], given, context)))
            return max(0.0, until.timestamp() - self.clock.now)
        wait = read(state["SecondsPath"], given, context) if "SecondsPath" in state else state["Seconds"]
        return float(str(wait))

    def _attempts(self, state: State, attempt: Callable[[int], Process], scope: _Scope) -> Process:
        taken: dict[int, int] = {}
        number = 0
        while True:
            if state["Type"] == "Task":
                self._record(scope, _ATTEMPT_EVENTS)
            try:
                return (yield from attempt(number))
            except TaskError as failure:
                retrier = rule_for(failure.error, state.get("Retry", []))
                if retrier is None or taken.get(id(retrier), 0) >= retrier["MaxAttempts"]:
                    raise
                yield Sleep(_delay(retrier, taken.get(id(retrier), 0)))
                taken[id(retrier)] = taken.get(id(retrier), 0) + 1
                number += 1

    def _parallel(self, state: State, given: JsonValue, scope: _Scope) -> Process:
        self._record(scope, _PARALLEL_EVENTS)
        result = yield Fork(tuple(self._branch(branch, given, scope) for branch in state["Branches"]))
        self._weigh(result)
        return result

    def _map(self, state: State, items: JsonValue, document: JsonValue, scope: _Scope) -> Process:
        assert isinstance(items, list)  # noqa: S101 - the language has no other items
        self._record(scope, _MAP_EVENTS)
        results: list[JsonValue] = [None] * len(items)
        ahead = iter(list(enumerate(items)))
        workers = min(len(items), state.get("MaxConcurrency", 0) or len(items))
        yield Fork(tuple(self._iterations(state, ahead, results, document, scope) for _ in range(workers)))
        self._weigh(results)
        return results

    def _iterations(
        self,
        state: State,
        ahead: Iterator[tuple[int, JsonValue]],
        results: list[JsonValue],
        document: JsonValue,
        scope: _Scope,
    ) -> Process:
        """Take one item after the other as long as there are any."""
        for number, item in ahead:
            self._record(scope, _ITERATION_EVENTS)
            inside = _Scope(scope.number, scope.execution_input, {"Index": number, "Value": item})
            selector = state.get("ItemSelector")
            given = item if selector is None else render(selector, document, inside.context("", self.clock.now))
            results[number] = yield from self._branch(state["ItemProcessor"], given, inside)

    def _task(self, name: str, resource: str, given: Any, attempt: int, scope: _Scope) -> Process:
        if resource == _ADMISSION:
            return _admitted(given, scope.execution_input)
        if resource == _START_EXECUTION:
            return (yield from self._start_execution(given, scope))
        if resource.startswith(_SDK):
            return (yield from self._integration(resource.removeprefix(_SDK), given, scope))
        event = TaskEvent.model_validate(given)
        self.trace.started.setdefault(name, self.clock.now)
        self.trace.attempts[name] = attempt + 1
        self.trace.events[name] = event
        yield Sleep(self._seconds.get(name, 0.0))
        self.trace.ended[name] = self.clock.now
        result = self._run(event, attempt)
        if event.publish:
            result = self._publish(event, result)
        for signal in event.signals:
            self._arrive(event, signal)
        return result

    def _start_execution(self, given: Any, scope: _Scope) -> Process:
        self._record(scope, _SUBMITTED_EVENTS)
        definition = self._nested[given["StateMachineArn"].removeprefix("${").removesuffix("}")]
        try:
            output = yield from self.execution(definition, given["Input"])
        except TaskError as failure:
            # The error of a nested execution is told in the cause alone.
            cause = json.dumps({"Status": "FAILED", "Error": failure.error, "Cause": failure.cause})
            raise TaskError("States.TaskFailed", cause) from failure
        return {"Status": "SUCCEEDED", "Input": given["Input"], "Output": output}

    def _publish(self, event: TaskEvent, result: JsonValue) -> JsonValue:
        """Publish a result as an agent does, and return what is published: the first one stays."""
        item = {"id": {"S": item_id(event.execution, event.represents)}, RESULT: {"S": json_text(result)}}
        try:
            self._gates.put({"Item": item, "ConditionExpression": "attribute_not_exists(id)"})
        except ConditionFailedError:
            published: JsonValue = json.loads(self._gates.get({"Key": {"id": item["id"]}})[RESULT]["S"])
            return published
        return result

    def _arrive(self, event: TaskEvent, signal: GateSignal) -> None:
        """Do what an agent does before it returns."""
        try:
            item = self._gates.update(
                {
                    "Key": {"id": {"S": item_id(event.execution, signal.gate)}},
                    "ConditionExpression": "attribute_not_exists(#me)",
                    "UpdateExpression": "SET #me = :yes ADD arrived :one",
                    "ExpressionAttributeNames": {"#me": arrival(event.represents)},
                    "ExpressionAttributeValues": {":yes": {"S": "done"}, ":one": {"N": "1"}},
                }
            )
        except ConditionFailedError:
            return
        if int(item[ARRIVED]["N"]) >= signal.need and WAITER in item:
            self.clock.give(self._tokens[item[WAITER]["S"]])

    def _integration(self, call: str, given: Any, scope: _Scope) -> Process:
        try:
            match call:
                case "dynamodb:updateItem.waitForTaskToken":
                    self._record(scope, _SUBMITTED_EVENTS)
                    self._gates.update(given)
                    self._tokens[given["ExpressionAttributeValues"][":token"]["S"]] = opened = Signal()
                    yield opened
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

    def _record(self, scope: _Scope, events: int) -> None:
        self.trace.histories[scope.number] += events

    def _weigh(self, document: JsonValue) -> None:
        self.trace.peak_payload_bytes = max(self.trace.peak_payload_bytes, json_size(document))


def _admitted(given: Any, execution_input: Any) -> JsonValue:
    """Do what the function does that admits inputs, but for checking them."""
    values: dict[str, JsonValue] = {
        name: execution_input.get(name, declared.get("default"))
        for name, declared in json.loads(given["inputs"]).items()
    }
    for name in sorted(values, key=lambda each: -len(json.dumps(values[each]))):
        if len(json.dumps(values)) <= given["limit_bytes"]:
            break
        values[name] = {REFERENCE_KEY: "r" * (REFERENCE_BYTES - len(REFERENCE_KEY) - 7)}
    return dict(values)


def _delay(retrier: Retrier, taken: int) -> float:
    try:
        return min(retrier["IntervalSeconds"] * retrier["BackoffRate"] ** taken, retrier["MaxDelaySeconds"])
    except OverflowError:  # a large factor, many times over
        return retrier["MaxDelaySeconds"]
