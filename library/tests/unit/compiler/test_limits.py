"""Definitions that Step Functions would not run."""

from dataclasses import replace
from datetime import timedelta

import pytest

from stepweave.compiler.compile import compile_dag
from stepweave.compiler.limits import MAX_DEFINITION_BYTES, definition_bytes, definition_text
from stepweave.contract.retry import Retry
from stepweave.graph.arguments import Constant
from stepweave.graph.dag import Dag, Task
from stepweave.graph.errors import WorkflowError
from tests.properties.graphs import worker


def test_a_history_that_could_overflow_is_refused() -> None:
    task = Task("a", worker, retry=Retry(attempts=10_000))
    with pytest.raises(WorkflowError, match=r"history events.*25000.*lower the retry attempts"):
        compile_dag(Dag("stubborn", "", (), (task,), None, timedelta(hours=1)))


def test_a_definition_over_a_megabyte_is_cut() -> None:
    given = (("given", Constant("x" * 8_000)),)
    tasks = tuple(Task(f"task_{number}", worker, given, retry=Retry(attempts=0)) for number in range(200))
    compiled = compile_dag(Dag("large", "", (), tasks, None, timedelta(hours=1)))
    assert len(compiled.nested) > 1
    for definition in (compiled.definition, *compiled.nested.values()):
        assert definition_bytes(definition) <= MAX_DEFINITION_BYTES
        assert len(definition_text(definition)) <= MAX_DEFINITION_BYTES


def test_a_task_over_a_megabyte_is_refused() -> None:
    # Characters outside of ASCII take six bytes in a definition, and three of what a state may be given.
    task = Task("a", worker, (("given", Constant("\u65e5" * 80_000)),))
    long_names = tuple((f"field{number}", Constant("\u65e5" * 80_000)) for number in range(3))
    with pytest.raises(
        WorkflowError, match=r"720,.* a state of Step Functions takes 262,144 in all; put what is large"
    ):
        compile_dag(Dag("heavy", "", (), (replace(task, arguments=long_names),), None, timedelta(hours=1)))
    assert compile_dag(Dag("heavy", "", (), (task,), None, timedelta(hours=1)))
