"""Executions that can be interrupted at any moment, and whose progress outlives their threads.

The parts of this adapter depend on one another; each says which upstream defects it mends.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from stepweave.local_cloud.adapters.step_functions.attempt_events import attempt_events
from stepweave.local_cloud.adapters.step_functions.attempt_frames import attempt_frames
from stepweave.local_cloud.adapters.step_functions.attempt_parts import attempt_parts
from stepweave.local_cloud.adapters.step_functions.attempt_programs import attempt_programs
from stepweave.local_cloud.adapters.step_functions.attempt_tasks import attempt_tasks
from stepweave.local_cloud.adapters.step_functions.execution_results import execution_results


@contextmanager
def interruptible_executions(*, callers_leave: bool = False) -> Iterator[None]:
    """Let executions end at once, together with all that runs for them.

    Parameters
    ----------
    callers_leave
        Whether who calls a function may leave before the call has ended.
    """
    parts = (
        attempt_frames(),
        attempt_events(),
        attempt_tasks(callers_leave=callers_leave),
        attempt_parts(),
        attempt_programs(),
        execution_results(),
    )
    with ExitStack() as adapters:
        for adapter in parts:
            adapters.enter_context(adapter)
        yield
