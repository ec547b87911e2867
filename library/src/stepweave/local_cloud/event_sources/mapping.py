"""An event source mapping: which function gets the messages of which queue, and how."""

from __future__ import annotations

from dataclasses import dataclass

DEFAULT_BATCH_SIZE = 10
DEFAULT_CONCURRENCY = 10  # Lambda goes up to 1,250 batches at once; more than this has no use on one machine.


@dataclass(frozen=True)
class QueueMapping:
    """The settings of a mapping, as they are at the moment.

    Attributes
    ----------
    function_arn, queue_arn : str
    batch_size : int
        How many messages a function gets at most.
    batching_window_seconds : float
        How long messages are gathered for a batch.
    maximum_concurrency : int
        How many batches are processed at a time.
    reports_item_failures : bool
        Whether the function says which messages failed (``ReportBatchItemFailures``).
    patterns : tuple of str
        A message must match one of these; every message does if there are none.
    is_enabled : bool
    """

    function_arn: str
    queue_arn: str
    batch_size: int = DEFAULT_BATCH_SIZE
    batching_window_seconds: float = 0.0
    maximum_concurrency: int = DEFAULT_CONCURRENCY
    reports_item_failures: bool = False
    patterns: tuple[str, ...] = ()
    is_enabled: bool = True
