"""Predicts an execution of a compiled workflow by simulating what was emitted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from pydantic import JsonValue

from stepweave.compiler.compile import CompiledWorkflow
from stepweave.compiler.jsonpath_dialect.reading import Purpose, purpose_of
from stepweave.compiler.limits import definition_bytes, states_of
from stepweave.contract.event import TaskEvent
from stepweave.simulator.simulation import simulate


@dataclass(frozen=True)
class Prediction:
    """What an execution of a compiled workflow takes in which every task succeeds at its first attempt.

    Parameters
    ----------
    makespan_seconds : float
        From start to end, if states and invocations took no time besides the tasks' own.
    gates : int
        States that wait at a gate.
    states : int
        States of all definitions, those included that are entered only after a failure.
    transitions : int
        States entered in all executions.
    history_events : int
        Events in the longest history of an execution.
    definition_bytes : int
        Size of the largest definition.
    peak_payload_bytes : int
        The largest input or output of a state if every result is as large as may travel in the state machine. The
        execution's own input counts as empty objects.
    executions : int
        Executions, nested ones included.
    """

    makespan_seconds: float
    gates: int
    states: int
    transitions: int
    history_events: int
    definition_bytes: int
    peak_payload_bytes: int
    executions: int


def predict(compiled: CompiledWorkflow, seconds: Mapping[str, float]) -> Prediction:
    """Simulate a compiled workflow.

    Parameters
    ----------
    compiled : CompiledWorkflow
        The workflow.
    seconds : Mapping[str, float]
        How long each task takes.
    """
    execution_input: JsonValue = {one.name: {} for one in compiled.dag.inputs}
    trace = simulate(compiled.definition, execution_input, _largest_result, seconds, compiled.nested)
    definitions = [compiled.definition, *compiled.nested.values()]
    states = [state for definition in definitions for state in states_of(definition).values()]
    return Prediction(
        makespan_seconds=trace.makespan,
        gates=sum(purpose_of(state) is Purpose.GATE for state in states),
        states=len(states),
        transitions=trace.transitions,
        history_events=trace.history_events,
        definition_bytes=max(map(definition_bytes, definitions)),
        peak_payload_bytes=trace.peak_payload_bytes,
        executions=trace.executions,
    )


@lru_cache(maxsize=8)
def _text(length: int) -> str:
    return "x" * length  # one object for all results of that size: thousands of them would fill the memory


def _largest_result(event: TaskEvent, _attempt: int) -> JsonValue:
    quotes = 2
    return _text(event.result_limit_bytes - quotes)
