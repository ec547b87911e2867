"""Writes a workflow's states in the JSONPath dialect, without workflow variables: every engine runs that.

Nothing outside this folder knows how a state is spelled.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import assert_never

from pydantic import JsonValue

from stepweave.compiler.asl import Branch, Catcher, Definition, State, Substitution
from stepweave.compiler.dataflow import BranchesFlow, Flow, GateFlow, Pass, Program, Slot, TaskFlow
from stepweave.compiler.jsonpath_dialect.admission import admission_state
from stepweave.compiler.jsonpath_dialect.breakers import (
    crash_catcher,
    crash_state,
    open_catcher,
    waiting_states,
)
from stepweave.compiler.jsonpath_dialect.expressions import (
    EXECUTION_KEY,
    MAIN,
    NESTED,
    Origin,
    field,
    member,
)
from stepweave.compiler.jsonpath_dialect.gates import (
    NOT_IN_DOCUMENT,
    publish_states,
    signal_states,
    wait_state,
)
from stepweave.compiler.jsonpath_dialect.retriers import nested_retrier, task_retriers
from stepweave.compiler.layout import WaitAtGate
from stepweave.compiler.names import Names, slot_keys
from stepweave.compiler.payload_budget import MAX_PUBLISHED, WrittenEvent, result_limit
from stepweave.contract.formats import TASK_EVENT, VERSION
from stepweave.contract.gate import GateSignal
from stepweave.graph.arguments import stand_ins
from stepweave.graph.dag import INPUTS, Dag, Task
from stepweave.graph.errors import WorkflowError


@dataclass(frozen=True)
class Emitted:
    """The definitions of a workflow: the main one, and those of its nested executions by name."""

    main: Definition
    nested: Mapping[str, Definition]


def emit(dag: Dag, program: Program, waits_for: Mapping[str, tuple[str, ...]]) -> Emitted:
    """Write the state machines of a workflow.

    Parameters
    ----------
    dag : Dag
        The graph.
    program : Program
        Its states, and what travels between them.
    waits_for : Mapping[str, tuple[str, ...]]
        The direct predecessors of each task, for the comments that people read in the console.

    Raises
    ------
    WorkflowError
        If a task is given more than a state can take.
    """
    emitter = _Emitter(dag, program, waits_for)
    main = emitter.definition(dag.description, program.flow, MAIN)
    emitter.set_limits(result_limit(dag, program.flow, emitter.events))
    return Emitted(main, emitter.nested)


class _Emitter:
    def __init__(self, dag: Dag, program: Program, waits_for: Mapping[str, tuple[str, ...]]) -> None:
        self._dag = dag
        self._published = program.published
        self._waits_for = waits_for
        self._origin = MAIN
        self._executions = 0
        self.nested: dict[str, Definition] = {}
        self.events: list[WrittenEvent] = []
        self._admission: dict[str, JsonValue] = {}
        self._keys = slot_keys(program.flow)
        self._names = Names(task.id for task in dag.states)
        self._gates = {
            gate: GateSignal(gate=self._names.gate_before(gate.before, gate.awaited), need=len(gate.awaited))
            for gate in _gates(program.flow)
        }
        self._signals: dict[str, list[GateSignal]] = {}
        for gate, signal in self._gates.items():
            for task in gate.awaited:
                self._signals.setdefault(task, []).append(signal)

    def definition(self, comment: str, flow: Flow, origin: Origin) -> Definition:
        """Write a definition of its own."""
        before, self._origin = self._origin, origin
        timeout = int(self._dag.timeout.total_seconds())
        states = self.sequence(flow)
        if origin is MAIN and _merges_into_input(states["States"][states["StartAt"]]):
            states = self._without_input(states)
        written: Definition = {"Comment": comment, "TimeoutSeconds": timeout, **states}
        self._origin = before
        return written

    def set_limits(self, limit: int) -> None:
        """Write into every event how large a value may be that travels itself."""
        for written in self.events:
            published = written.event.get("publish")
            written.event["result_limit_bytes"] = min(limit, MAX_PUBLISHED) if published else limit
        if self._admission:
            self._admission["limit_bytes"] = limit

    def _without_input(self, branch: Branch) -> Branch:
        first: State = {
            "Type": "Pass",
            "Comment": "no task takes the execution's input, which may leave no room for an error",
            "OutputPath": None,
            "Next": branch["StartAt"],
        }
        name = self._names.without_input()
        return {"StartAt": name, "States": {name: first, **branch["States"]}}

    def sequence(self, flow: Flow) -> Branch:
        """Write states that follow one another."""
        names = [self._name(state) for state in flow]
        states: dict[str, State] = {}
        for position, state in enumerate(flow):
            following = names[position + 1] if position + 1 < len(flow) else None
            match state:
                case GateFlow(gate):
                    assert following is not None  # noqa: S101 - a gate stands before what waits
                    timeout = int(self._dag.timeout.total_seconds())
                    states[names[position]] = wait_state(self._gates[gate], self._origin, timeout, following)
                case BranchesFlow(nested=True):
                    states[names[position]] = _then(self._execution(names[position], state), following)
                case BranchesFlow():
                    states[names[position]] = _then(self._parallel(state), following)
                case TaskFlow(task) if task == INPUTS:
                    states[names[position]] = _then(self._admit(state), following)
                case TaskFlow():
                    states |= self._task(state, following)
                case _:
                    assert_never(state)
        return {"StartAt": names[0], "States": states}

    def _name(self, state: TaskFlow | BranchesFlow | GateFlow) -> str:
        match state:
            case TaskFlow(task):
                return self._names.admission() if task == INPUTS else task
            case GateFlow(gate):
                return self._gates[gate].gate
            case BranchesFlow(nested=True):
                self._executions += 1
                return self._names.nested(self._executions, list(_last_tasks(state)))
            case BranchesFlow():
                return self._names.waiting_for(list(_last_tasks(state)))
        assert_never(state)

    def _admit(self, flow: TaskFlow) -> State:
        """Write the state that admits the workflow's inputs."""
        state = admission_state(self._dag)
        self._admission = state["Parameters"]
        if flow.store:
            state["ResultSelector"] = {f"{self._keys[flow.store]}.$": "$"}
        return state | self._output(flow)

    def _task(self, flow: TaskFlow, following: str | None) -> dict[str, State]:
        """Write the state of a task, those of its fallbacks, and what else runs only when something failed."""
        task = self._dag.by_id[flow.task]
        states = self._after_failure(task, flow, following) if task.optional else {}
        # Where the failure of the last alternative leads; of an optional task with nothing to do, to what follows it.
        on_failure = next(iter(states), following) if task.optional else None
        for one in reversed(list(task.alternatives)):
            states = self._attempt(one, flow, following, on_failure) | states
            on_failure = one.id
        return states

    def _attempt(self, task: Task, flow: TaskFlow, following: str | None, on_failure: str | None) -> dict[str, State]:
        """Write the state of a task or of a fallback, and those around it that its circuit breaker needs."""
        state: State = {
            "Type": "Task",
            "Comment": self._comment(task, flow.task),
            "Resource": Substitution.of(f"agent_{task.agent.name}"),
            "Parameters": self._event(task, flow),
            "TimeoutSeconds": int(task.timeout.total_seconds()),
        }
        if flow.store and flow.renews:
            state["ResultSelector"] = {f"{self._keys[flow.store]}.$": "$"}
        elif not (flow.renews and flow.passes is Pass.RESULT):
            state["ResultPath"] = self._store_path(flow)
        state |= self._output(flow)
        state["Retry"] = task_retriers(task)
        path = None if task.fallback else self._failure_path(flow)
        breaker, catchers, around = task.agent.breaker, list[Catcher](), dict[str, State]()
        if breaker and breaker.waits and not task.fallback:
            around |= waiting_states(task.id, breaker, self._names)
            catchers.append(open_catcher(next(iter(around))))
        if breaker and on_failure is not None:
            crashed = self._names.after_failure(task.id, "record the crash")
            around[crashed] = crash_state(task.id, breaker, self._origin, on_failure)
            catchers.append(crash_catcher(path, crashed))
        if on_failure is not None:
            catchers.append({"ErrorEquals": ["States.ALL"], "ResultPath": path, "Next": on_failure})
        if catchers:
            state["Catch"] = catchers
        return {task.id: _then(state, following), **around}

    def _after_failure(self, task: Task, flow: TaskFlow, following: str | None) -> dict[str, State]:
        """Write what runs only if an optional task failed: all that its agent would have done for others."""
        states: dict[str, State] = {}
        signals = self._signals.get(task.id, [])
        path = self._failure_path(flow)
        # What success would have left behind, and what is only of use until the failure has been dealt with.
        leaves = flow.renews or flow.passes is Pass.NOTHING or bool(signals) or path == NOT_IN_DOCUMENT
        if following is None or (leaves and flow.passes is not Pass.RESULT):
            name = self._names.after_failure(task.id)
            ending: State = {"Type": "Pass", "Comment": f"{task.id} is optional: its error stands for its result"}
            if flow.passes is Pass.DOCUMENT and leaves:
                ending["Parameters"] = {f"{self._keys[slot]}.$": f"${member(self._keys[slot])}" for slot in flow.keeps}
            states[name] = _then(ending | self._output(flow), following)
            following = name
        for signal in reversed(signals):
            states = signal_states(task.id, signal, self._origin, self._names, following) | states
            following = next(iter(states))
        if task.id in self._published:
            assert path is not None  # noqa: S101 - a published failure is stored for that
            states = publish_states(task.id, path, self._origin, self._names, following) | states
        return states

    def _comment(self, task: Task, represents: str) -> str:
        if task.id != represents:
            return f"agent {task.agent.name}, in place of {represents}, which failed"
        first = self._waits_for[task.id]
        after = f", after {', '.join(first[:8])}{' ...' if len(first) > 8 else ''}" if first else ""
        return f"agent {task.agent.name}{after}"

    def _event(self, task: Task, flow: TaskFlow) -> dict[str, JsonValue]:
        paths = {used: f"${member(self._keys[slot])}" for used, slot in flow.reads.items()}
        try:
            given = dict(field(name, argument, paths) for name, argument in task.arguments)
        except WorkflowError as error:
            raise WorkflowError(f"task {task.id!r}: {error.problem}", task.location, error.remedy) from error
        event: dict[str, JsonValue] = {
            VERSION: TASK_EVENT.current,
            "execution.$": self._origin.execution,
            "task": task.id,
            "input": given,
            "stand_ins": [list(place) for name, argument in task.arguments for place in stand_ins(argument, (name,))],
            "result_limit_bytes": 0,
        }
        if flow.task in self._published:
            event["publish"] = True
        if signals := self._signals.get(flow.task):
            event["signals"] = [signal.model_dump(mode="json") for signal in signals]
        if flow.task != task.id:
            event["stands_for"] = flow.task
        if task.timeout <= task.agent.timeout:
            event["timeout_seconds"] = int(task.timeout.total_seconds())
        if self._origin.part:
            event["part.$"] = self._origin.part
        if task.agent.breaker:
            event["breaker"] = task.agent.breaker.name
        self.events.append(WrittenEvent(task, frozenset(flow.reads), event))
        return event

    def _store_path(self, flow: TaskFlow) -> str | None:
        if flow.passes is Pass.RESULT and flow.result is None:
            return "$"
        return f"${member(self._keys[flow.store])}" if flow.store else None

    def _failure_path(self, flow: TaskFlow) -> str | None:
        path = self._store_path(flow)
        return NOT_IN_DOCUMENT if path is None and flow.task in self._published else path

    def _output(self, flow: TaskFlow | BranchesFlow) -> State:
        match flow.passes, flow.result:
            case Pass.NOTHING, _:
                return {"OutputPath": None}  # type: ignore[typeddict-item]
            case Pass.RESULT, Slot() as slot:
                return {"OutputPath": f"${member(self._keys[slot])}"}  # type: ignore[typeddict-item]
            case (Pass.DOCUMENT, _) | (Pass.RESULT, None):
                pass
        return {}  # type: ignore[typeddict-item]

    def _execution(self, name: str, flow: BranchesFlow) -> State:
        """Write the state that runs a nested execution, and that execution's definition."""
        key = f"nested_{len(self.nested) + 1}"
        self.nested[key] = {"Comment": "", "StartAt": "", "States": {}, "TimeoutSeconds": 1}  # keeps its place
        self.nested[key] = self.definition(f"part of {self._dag.name}: {name}", flow.branches[0], NESTED)
        given: dict[str, JsonValue] = {
            f"{self._keys[inside]}.$": f"${member(self._keys[outside])}" for outside, inside in flow.enters or ()
        }
        state: State = {
            "Type": "Task",
            "Resource": "arn:aws:states:::states:startExecution.sync:2",
            "Parameters": {
                "StateMachineArn": Substitution.of(key),
                "Input": {
                    f"{EXECUTION_KEY}.$": self._origin.execution,
                    "AWS_STEP_FUNCTIONS_STARTED_BY_EXECUTION_ID.$": "$$.Execution.Id",
                    **given,
                },
            },
            "TimeoutSeconds": int(self._dag.timeout.total_seconds()),
            "Retry": [nested_retrier()],
        }
        if flow.leaves:
            state["ResultSelector"] = {
                f"{self._keys[outside]}.$": f"$.Output{member(self._keys[inside])}"
                for _, inside, outside in flow.leaves.values()
            }
        return state | self._output(flow)

    def _parallel(self, flow: BranchesFlow) -> State:
        state: State = {"Type": "Parallel"}
        if flow.enters == ():
            state["InputPath"] = None
        elif flow.enters is not None:
            state["Parameters"] = {
                f"{self._keys[inside]}.$": f"${member(self._keys[outside])}" for outside, inside in flow.enters
            }
        state["Branches"] = [self.sequence(branch) for branch in flow.branches]
        if flow.leaves:
            state["ResultSelector"] = {
                f"{self._keys[outside]}.$": f"$[{branch}]{member(self._keys[inside])}"
                for branch, inside, outside in flow.leaves.values()
            }
        return state | self._output(flow)


def _merges_into_input(first: State) -> bool:
    """Tell whether a definition's first state may put an error beside the execution's input."""
    return any(catcher.get("ResultPath", "$") not in {None, "$"} for catcher in first.get("Catch", ()))


def _then(state: State, following: str | None) -> State:
    if following is None:
        state["End"] = True
    else:
        state["Next"] = following
    return state


def _gates(flow: Flow) -> Iterator[WaitAtGate]:
    for state in flow:
        match state:
            case GateFlow(gate):
                yield gate
            case BranchesFlow(branches):
                for branch in branches:
                    yield from _gates(branch)
            case TaskFlow():
                continue
            case _:
                assert_never(state)


def _last_tasks(flow: BranchesFlow) -> Iterator[str]:
    for branch in flow.branches:
        match branch[-1]:
            case TaskFlow(task):
                yield task
            case BranchesFlow() as inner:
                yield from _last_tasks(inner)
            case GateFlow():
                raise ValueError("a gate stands before what waits at it, and ends no branch")
            case other:
                assert_never(other)
