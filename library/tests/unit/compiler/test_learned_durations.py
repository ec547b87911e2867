"""Durations that were learned: where they are, and what they change."""

import importlib.util
from pathlib import Path

import pytest

from stepweave.compiler.compile import compile_workflow
from stepweave.compiler.learned_durations import LearnedDurations, durations_file, learned_durations
from stepweave.compiler.options import CompileOptions
from stepweave.graph.errors import WorkflowError
from stepweave.language.workflow import Workflow

SOURCE = """
from stepweave.functions.replayer.contract import replayer
from stepweave.language.workflow import workflow

@workflow()
def n_shape() -> None:
    a = replayer("a")
    b = replayer("b")
    replayer("c", dependencies=[a])
    replayer("d", dependencies=[a, b])
"""


@pytest.fixture
def workflow(tmp_path: Path) -> Workflow:
    module = tmp_path / "n_shape.py"
    module.write_text(SOURCE)
    spec = importlib.util.spec_from_file_location("learned_n_shape", module)
    assert spec is not None
    assert spec.loader is not None
    loaded = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(loaded)
    found: Workflow = loaded.n_shape
    return found


def learn(workflow: Workflow, **seconds: float) -> None:
    durations_file(workflow).write_text(LearnedDurations(executions=3, seconds=seconds).to_json())


def test_the_file_lies_beside_the_module(workflow: Workflow, tmp_path: Path) -> None:
    assert durations_file(workflow) == tmp_path / "n_shape.durations.json"
    assert learned_durations(workflow) is None
    learn(workflow, b=2.0, a=1.0)
    learned = learned_durations(workflow)
    assert learned == LearnedDurations(executions=3, seconds={"a": 1.0, "b": 2.0})
    assert list(learned.seconds) == ["a", "b"]


def test_learned_durations_replace_gates_by_barriers(workflow: Workflow) -> None:
    gates = compile_workflow(workflow).to_json()
    assert "waitForTaskToken" in gates
    learn(workflow, a=1.0, b=2.0, c=1.0, d=1.0)
    assert "waitForTaskToken" not in compile_workflow(workflow).to_json()
    assert compile_workflow(workflow, CompileOptions("gates")).to_json() == gates
    assert compile_workflow(workflow, CompileOptions(durations={})).to_json() == gates


def test_a_task_that_is_gone_does_no_harm(workflow: Workflow) -> None:
    learn(workflow, gone=1.0, a=1.0)
    assert "waitForTaskToken" in compile_workflow(workflow).to_json()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        '{"executions": 1}',
        '{"executions": 1, "seconds": {"a": -1}}',
        '{"executions": 1, "seconds": {"a": NaN}}',
        "\udcff",
    ],
)
def test_a_file_that_is_none_is_named(workflow: Workflow, text: str) -> None:
    durations_file(workflow).write_bytes(text.encode(errors="surrogateescape"))
    with pytest.raises(WorkflowError, match=r"n_shape\.durations\.json.*stepweave profile n-shape"):
        compile_workflow(workflow)
