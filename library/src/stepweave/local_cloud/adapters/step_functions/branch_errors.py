"""What ends a branch or an iteration ends the whole under the same name.

Upstream defect: where a branch of a ``Parallel`` or an iteration of a ``Map`` fails with an error that Step Functions
names itself, such as ``States.Timeout`` or ``States.TaskFailed``, the engine fails with a ``ValueError`` instead.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from moto.stepfunctions.parser.asl.component.common.error_name.custom_error_name import CustomErrorName
from moto.stepfunctions.parser.asl.component.common.error_name.error_name import ErrorName
from moto.stepfunctions.parser.asl.component.common.error_name.states_error_name import StatesErrorName
from moto.stepfunctions.parser.asl.component.state.exec.state_map.iteration import iteration_worker
from moto.stepfunctions.parser.asl.component.state.exec.state_parallel import branches_decl

from stepweave.local_cloud.adapters.patch import replaced


@contextmanager
def branch_errors() -> Iterator[None]:
    """Take the errors of Step Functions itself for what they are."""
    with ExitStack() as patches:
        for module in (branches_decl, iteration_worker):
            patches.enter_context(replaced(module, "CustomErrorName", _error_name))
        yield


def _error_name(error_name: str) -> ErrorName:
    if error_name.startswith("States."):
        return StatesErrorName.from_name(error_name)
    return CustomErrorName(error_name=error_name)
