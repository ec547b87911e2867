"""Times in the context object are text.

Upstream defect: ``$$.Execution.StartTime`` is a Python ``datetime``. A state that passes it on makes the execution's
output unprintable, and ``DescribeExecution`` answers with a 500. ``EnteredTime`` is text, but not as AWS writes it.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from moto.stepfunctions.parser.asl.component.state import state as state_module
from moto.stepfunctions.parser.backend.execution import Execution

from stepweave.local_cloud.adapters.patch import replaced


def aws_time(moment: datetime.datetime) -> str:
    """Write a time as Step Functions does: UTC, milliseconds, ``Z``."""
    return moment.astimezone(datetime.UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


@contextmanager
def textual_context_times() -> Iterator[None]:
    """Put text into the context object."""
    start_details = Execution.get_start_execution_details
    state_data = state_module.StateData

    def get_start_execution_details(self: Any) -> Any:
        details = start_details(self)
        details.start_time = aws_time(self.start_date)
        return details

    def textual_state_data(**fields: Any) -> Any:
        fields["EnteredTime"] = aws_time(datetime.datetime.fromisoformat(fields["EnteredTime"]))
        return state_data(**fields)

    with (
        replaced(Execution, "get_start_execution_details", get_start_execution_details),
        replaced(state_module, "StateData", textual_state_data),
    ):
        yield
