"""How large a result may be before it has to leave the state machine's payload."""

from stepweave.compiler.dataflow import Flow, widest

PAYLOAD_QUOTA = 256 * 1024
"""Bytes that the input or output of a state may have (AWS Step Functions quotas)."""

_RESERVED = 64 * 1024
"""Bytes kept for the execution's input, constants, field names and errors that were caught."""


def result_limit(flow: Flow) -> int:
    """Return how many bytes of JSON a result may have so that the fullest state stays within the quota.

    Parameters
    ----------
    flow : Flow
        The data flow of the whole workflow.
    """
    return (PAYLOAD_QUOTA - _RESERVED) // max(1, widest(flow))
