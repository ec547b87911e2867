"""Writes a workflow's states in the JSONPath dialect, without workflow variables.

Every engine runs that dialect. No other module of the compiler knows how a state is spelled.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass

from pydantic import JsonValue

from state_machines.compiler.asl import Branch, Definition, Retrier, State
from state_machines.compiler.dataflow import BranchesFlow, Flow, Pass, Slot, TaskFlow
from state_machines.compiler.names import Names, slot_keys
from state_machines.graph.arguments import Argument, Constant, ListOf, MapOf, ResultOf, WorkflowInput
from state_machines.graph.dag import Dag, Task
from state_machines.graph.errors import WorkflowError

_PLAIN_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_MAX_INTRINSIC = 10_000
"""Characters that a call of an intrinsic function may have (AWS Step Functions)."""


def emit(dag: Dag, flow: Flow, waits_for: Mapping[str, tuple[str, ...]], limit: int) -> Definition:
    """Write the state machine of a workflow.

    Parameters
    ----------
    dag : Dag
        The graph.
    flow : Flow
        Its states, and what travels between them.
    waits_for : Mapping[str, tuple[str, ...]]
        The direct predecessors of each task, for the comments that people read in the console.
    limit : int
        The size in bytes from which a result travels by reference.
    """
    emitter = _Emitter(dag, slot_keys(flow), Names(dag.by_id), waits_for, limit)
    return {
        "Comment": dag.description,
        "TimeoutSeconds": int(dag.timeout.total_seconds()),
        **emitter.sequence(flow),
    }


@dataclass
class _Emitter:
    dag: Dag
    keys: dict[Slot, str]
    names: Names
    waits_for: Mapping[str, tuple[str, ...]]
    limit: int

    def sequence(self, flow: Flow) -> Branch:
        names = [self._name(state) for state in flow]
        states: dict[str, State] = {}
        for position, state in enumerate(flow):
            following = names[position + 1] if position + 1 < len(flow) else None
            if isinstance(state, BranchesFlow):
                states[names[position]] = _then(self._parallel(state), following)
            else:
                states |= self._task(state, following)
        return {"StartAt": names[0], "States": states}

    def _name(self, state: TaskFlow | BranchesFlow) -> str:
        return state.task if isinstance(state, TaskFlow) else self.names.waiting_for(_last_tasks(state))

    def _task(self, flow: TaskFlow, following: str | None) -> dict[str, State]:
        task = self.dag.by_id[flow.task]
        state: State = {
            "Type": "Task",
            "Comment": self._comment(task),
            "Resource": f"${{agent_{task.agent.name}}}",
            "Parameters": self._event(task, flow),
            "TimeoutSeconds": int(task.timeout.total_seconds()),
        }
        if flow.store and flow.renews:
            state["ResultSelector"] = {f"{self.keys[flow.store]}.$": "$"}
        elif not (flow.renews and flow.passes is Pass.RESULT):
            state["ResultPath"] = self._store_path(flow)
        state |= self._output(flow)
        if task.retry.attempts:
            state["Retry"] = [_retrier(task)]
        states = {task.id: state}
        if task.optional:
            after_failure = following
            if after_failure is None:
                after_failure = self.names.failure_of(task.id)
                ending: State = {"Type": "Pass", "Comment": f"{task.id} is optional: its error is its result"}
                states[after_failure] = _then(ending | self._output(flow), None)
            state["Catch"] = [
                {"ErrorEquals": ["States.ALL"], "ResultPath": self._store_path(flow), "Next": after_failure}
            ]
        _then(state, following)
        return states

    def _comment(self, task: Task) -> str:
        first = self.waits_for[task.id]
        after = f", after {', '.join(first[:8])}{' ...' if len(first) > 8 else ''}" if first else ""
        return f"agent {task.agent.name}{after}"

    def _event(self, task: Task, flow: TaskFlow) -> dict[str, JsonValue]:
        arguments = dict(task.arguments)
        return {
            "execution.$": "$$.Execution.Id",
            "task": task.id,
            "input": dict(self._field(task, flow, name, arguments[name]) for name in arguments),
            "result_limit_bytes": self.limit,
        }

    def _field(self, task: Task, flow: TaskFlow, name: str, argument: Argument) -> tuple[str, JsonValue]:
        match argument:
            case Constant(value):
                return _constant(name, value)
            case MapOf(items):
                return name, dict(self._field(task, flow, key, item) for key, item in items)
            case WorkflowInput() | ResultOf() | ListOf():
                expression = self._expression(flow, argument)
                if len(expression) > _MAX_INTRINSIC:
                    raise WorkflowError(
                        f"the input {name!r} of task {task.id!r} gathers so many results that its expression has "
                        f"{len(expression)} characters, more than the {_MAX_INTRINSIC} that Step Functions allows",
                        task.location,
                        "gather them in several tasks first",
                    )
                return f"{name}.$", expression

    def _expression(self, flow: TaskFlow, argument: Argument) -> str:
        match argument:
            case WorkflowInput(name):
                return f"$$.Execution.Input{_member(name)}"
            case ResultOf(task):
                return f"${_member(self.keys[flow.reads[task]])}"
            case ListOf(items):
                return f"States.Array({', '.join(self._expression(flow, item) for item in items)})"
            case Constant(value):
                return _literal(value)
            case MapOf():
                raise WorkflowError("an object inside a list cannot hold results of tasks")

    def _store_path(self, flow: TaskFlow) -> str | None:
        if flow.passes is Pass.RESULT and flow.result is None:
            return "$"
        return f"${_member(self.keys[flow.store])}" if flow.store else None

    def _output(self, flow: TaskFlow | BranchesFlow) -> State:
        match flow.passes, flow.result:
            case Pass.NOTHING, _:
                return {"OutputPath": None}  # type: ignore[typeddict-item]
            case Pass.RESULT, Slot() as slot:
                return {"OutputPath": f"${_member(self.keys[slot])}"}  # type: ignore[typeddict-item]
        return {}  # type: ignore[typeddict-item]

    def _parallel(self, flow: BranchesFlow) -> State:
        state: State = {"Type": "Parallel"}
        if flow.enters is not None:
            state["Parameters"] = {
                f"{self.keys[inside]}.$": f"${_member(self.keys[outside])}" for outside, inside in flow.enters
            }
        state["Branches"] = [self.sequence(branch) for branch in flow.branches]
        if flow.leaves:
            state["ResultSelector"] = {
                f"{self.keys[outside]}.$": f"$[{branch}]{_member(self.keys[inside])}"
                for branch, inside, outside in flow.leaves.values()
            }
        return state | self._output(flow)


def _then(state: State, following: str | None) -> State:
    if following is None:
        state["End"] = True
    else:
        state["Next"] = following
    return state


def _last_tasks(flow: BranchesFlow) -> list[str]:
    ends = [branch[-1] for branch in flow.branches]
    return [task for end in ends for task in ([end.task] if isinstance(end, TaskFlow) else _last_tasks(end))]


def _retrier(task: Task) -> Retrier:
    return {
        "ErrorEquals": list(task.retry.errors),
        "IntervalSeconds": int(task.retry.interval.total_seconds()),
        "MaxAttempts": task.retry.attempts,
        "BackoffRate": task.retry.backoff,
        "MaxDelaySeconds": int(task.retry.max_delay.total_seconds()),
        "JitterStrategy": "FULL",
    }


def _member(key: str) -> str:
    return f".{key}" if _PLAIN_KEY.fullmatch(key) else f"['{key}']"


def _constant(name: str, value: JsonValue) -> tuple[str, JsonValue]:
    """Write a constant field; one that holds keys ending in ``.$`` would be taken for an expression."""
    if _holds_expression_key(value):
        return f"{name}.$", _literal(value)
    return name, value


def _holds_expression_key(value: JsonValue) -> bool:
    if isinstance(value, dict):
        return any(key.endswith(".$") or _holds_expression_key(item) for key, item in value.items())
    return isinstance(value, list) and any(_holds_expression_key(item) for item in value)


def _literal(value: JsonValue) -> str:
    """Write a constant as an argument of an intrinsic function."""
    if isinstance(value, bool) or value is None or isinstance(value, int | float):
        return json.dumps(value)
    if isinstance(value, str):
        return "'" + re.sub(r"([\\'{}])", r"\\\1", value) + "'"
    return f"States.StringToJson({_literal(json.dumps(value))})"
