"""The engine keeps no threads, and copies no more than JSON.

Upstream defects: each thread is named after the whole text of its program, and all threads that ever ran are kept in a
list for ever. Values that are passed from state to state are copied by the general ``deepcopy``, which is several times
slower than copying JSON.

To copy JSON only makes things faster: a task of the latency benchmark by 2 to 5 %.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from types import SimpleNamespace
from typing import Any

from moto.stepfunctions.parser.asl.component.common.path import result_path
from moto.stepfunctions.parser.asl.component.common.string import string_expression
from moto.stepfunctions.parser.asl.component.program.program import Program
from moto.stepfunctions.parser.asl.component.state.exec import execute_state
from moto.stepfunctions.parser.asl.component.state.exec.state_parallel import state_parallel
from moto.stepfunctions.parser.asl.eval import environment, states

from stepweave.local_cloud.adapters.patch import replaced


class _Forgetful(list[Any]):
    """A list that keeps nothing."""

    def append(self, _: Any, /) -> None:
        """Forget it."""


def copy_json(value: Any) -> Any:
    """Copy a JSON value; what is neither an object nor an array cannot be changed and is not copied."""
    if isinstance(value, dict):
        return {key: copy_json(item) for key, item in value.items()}
    if isinstance(value, list):
        return [copy_json(item) for item in value]
    return value


def _copy_state(value: Any) -> Any:
    """Copy what an environment holds: JSON, or an object whose attributes are replaced and never changed."""
    if value is None or isinstance(value, dict | list):
        return copy_json(value)
    copied = object.__new__(type(value))  # the `copy` module would ask it how to, at ten times the cost
    copied.__dict__.update(value.__dict__)
    return copied


@contextmanager
def fewer_threads() -> Iterator[None]:
    """Forget threads, and copy values faster."""
    threads = _Forgetful()
    users = [
        module
        for name, module in sys.modules.items()
        if name.startswith("moto.stepfunctions.parser.") and hasattr(module, "TMP_THREADS")
    ]

    with ExitStack() as patches:
        patches.enter_context(replaced(Program, "__str__", lambda _: "Program"))
        patches.enter_context(replaced(environment, "copy", SimpleNamespace(deepcopy=_copy_state)))
        for module in (states, execute_state, state_parallel, result_path, string_expression):
            patches.enter_context(replaced(module, "copy", SimpleNamespace(deepcopy=copy_json)))
        for module in users:
            patches.enter_context(replaced(module, "TMP_THREADS", threads))
        yield
