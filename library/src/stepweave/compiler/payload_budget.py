"""How large a result may be before it has to leave the state machine's payload.

Everything in a state's input or output is either known here, and counted, or bounded by the limit that this module
computes: results and errors of agents, and the inputs of the workflow together, all of which travel by reference
where they are larger.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from pydantic import JsonValue

from stepweave.compiler.dataflow import Flow, widest
from stepweave.contract.admission import MAX_INPUTS, REFERENCE_BYTES
from stepweave.contract.json_values import json_bytes
from stepweave.graph.arguments import inputs_in, results_in
from stepweave.graph.dag import Dag, Task
from stepweave.graph.errors import WorkflowError

PAYLOAD_QUOTA = 256 * 1024
"""Bytes that the input or output of a state may have (AWS Step Functions quotas)."""

MAX_PUBLISHED = (PAYLOAD_QUOTA - 4096) // 2
"""Bytes of a result that is published: a state reads it as a JSON string, in which every character may be escaped."""

_OF_STATE = 3072
"""Bytes kept in every state for what is filled in at run time: the execution's ARN, a task token, a gate's item."""

_OF_ENTRY = 128
"""Bytes kept in a document for the key of each entry."""

_LEAST = 1536
"""A result must be able to be this large: a reference, or the shortest report of an error, needs it."""


@dataclass(frozen=True)
class WrittenEvent:
    """The event of a task as a state writes it.

    Parameters
    ----------
    task : Task
        The task, or the fallback.
    carried : frozenset of str
        The results that the document carries to it.
    event : dict
        What the state sends; its expressions count as written, which is longer than nothing.
    """

    task: Task
    carried: frozenset[str]
    event: dict[str, JsonValue]


def result_limit(dag: Dag, flow: Flow, events: Iterable[WrittenEvent]) -> int:
    """Return how many bytes of JSON a result, or all inputs together, may have so that every state is within the quota.

    Parameters
    ----------
    dag : Dag
        The graph.
    flow : Flow
        The data flow of the whole workflow.
    events : Iterable[WrittenEvent]
        What its tasks are sent.

    Raises
    ------
    WorkflowError
        If the constants of a task leave too little room for what it is given besides, or if there are too many inputs.
    """
    if len(dag.inputs) > MAX_INPUTS:
        raise WorkflowError(
            f"workflow {dag.name!r} takes {len(dag.inputs)} inputs, more than the {MAX_INPUTS} allowed",
            remedy="put some of them into one model",
        )
    least = max(_LEAST, len(dag.inputs) * REFERENCE_BYTES)
    entries = widest(flow) + _spare(dag)
    limit = (PAYLOAD_QUOTA - _OF_STATE) // max(1, entries) - _OF_ENTRY
    if limit < least:
        raise WorkflowError(
            f"{entries} results meet in a state of workflow {dag.name!r}, which leaves each {max(0, limit)} bytes",
            remedy="give it fewer inputs, or put some of them into one model",
        )
    for written in events:
        limit = min(limit, _room(written, least))
    return limit


def _spare(dag: Dag) -> int:
    """Return what a document may hold besides results: errors that were caught, until they are dealt with."""
    if any(task.optional for task in dag.tasks):
        return 2
    return 1 if any(one.agent.breaker and one.agent.breaker.waits for one in dag.states) else 0


def _room(written: WrittenEvent, least: int) -> int:
    """Return how large each of the values may be that a task's event is filled with."""
    arguments = [argument for _, argument in written.task.arguments]
    results = sum(task in written.carried for argument in arguments for task in results_in(argument))
    inputs = Counter(name for argument in arguments for name in inputs_in(argument))
    values = results + max(inputs.values(), default=0)
    known = json_bytes(written.event) + _OF_STATE
    room = (PAYLOAD_QUOTA - known) // values if values else PAYLOAD_QUOTA
    if known > PAYLOAD_QUOTA or room < least:
        raise WorkflowError(
            f"the constants of task {written.task.id!r} have {known - _OF_STATE:,} bytes as JSON"
            + (f", beside {values} values that are known at run time alone" if values else "")
            + f"; a state of Step Functions takes {PAYLOAD_QUOTA:,} in all",
            written.task.location,
            "put what is large into S3 and pass where it is, or have an agent make it",
        )
    return room
