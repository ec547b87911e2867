"""How large a result may be before it has to leave the state machine's payload."""

from state_machines.compiler.dataflow import BranchesFlow, Flow, TaskFlow

PAYLOAD_QUOTA = 256 * 1024
"""Bytes that the input or output of a state may have (AWS Step Functions quotas)."""

_RESERVED = 64 * 1024
"""Bytes kept for the execution's input, constants, field names and errors that were caught."""

_LEAST = 1024
"""A limit below the size of a reference would gain nothing."""


def result_limit(flow: Flow) -> int:
    """Return how many bytes of JSON a result may have so that the fullest state stays within the quota.

    Parameters
    ----------
    flow : Flow
        The data flow of the whole workflow.
    """
    return max(_LEAST, (PAYLOAD_QUOTA - _RESERVED) // max(1, widest(flow)))


def widest(flow: Flow) -> int:
    """Return how many results meet in the fullest document."""
    most = 0
    for state in flow:
        most = max(most, state.width)
        if isinstance(state, BranchesFlow):
            most = max(most, *(widest(branch) for branch in state.branches))
        elif isinstance(state, TaskFlow):
            most = max(most, len(state.reads))
    return most
