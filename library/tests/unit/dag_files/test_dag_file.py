"""From a DAG file to its workflow."""

import json
from pathlib import Path
from typing import Any

import pytest

from lambdas.reader.contract import reader
from stepweave.dag_files.compile import compile_dag_file
from stepweave.dag_files.dag_file import DagFile
from stepweave.dag_files.errors import DagFileError
from stepweave.dag_files.read import read_dag_file
from stepweave.dag_files.workflow_name import workflow_name
from stepweave.functions.replayer.contract import replayer
from stepweave.graph.arguments import Constant, ListOf, ResultOf
from stepweave.graph.validate import validate
from stepweave.language.workflow import MAX_NAME

TEXTS = {"bucket": "b", "key": "k", "name": "demo"}


def read(folder: Path, *tasks: dict[str, Any], name: str = "graph.json") -> DagFile:
    (folder / name).write_text(json.dumps({"tasks": tasks}))
    return read_dag_file(folder / name)


def test_a_replayed_task_takes_its_scaled_time_and_its_dependencies_results_in_order(tmp_path: Path) -> None:
    file = read(tmp_path, {"id": "c", "seconds": 30, "depends_on": ["b", "a"]}, {"id": "a", "seconds": 2}, {"id": "b"})
    dag = file.dag(0.1)
    validate(dag)
    assert dag.by_id["c"].agent == replayer
    assert dict(dag.by_id["c"].arguments) == {
        "seconds": Constant(3.0),
        "dependencies": ListOf((ResultOf("b"), ResultOf("a"))),
    }
    assert dict(dag.by_id["b"].arguments) == {"seconds": Constant(0.1)}  # no time is recorded: one second
    assert dag.by_id["c"].timeout > replayer.timeout
    assert dag.result == "c"
    assert file.replayed_seconds(0.1) == {"c": 3.0, "a": 0.2, "b": 0.1}


def test_an_agent_that_takes_no_results_only_waits(tmp_path: Path) -> None:
    read_texts = {"id": "read", "agent": "reader", "input": {"texts": TEXTS}, "depends_on": ["first"]}
    file = read(tmp_path, {"id": "first"}, read_texts, {"id": "last", "depends_on": ["read"]})
    dag = file.dag()
    validate(dag)
    task = dag.by_id["read"]
    assert task.agent == reader
    assert (set(task.uses), set(task.dependencies)) == (set(), {"first"})
    (argument,) = task.arguments
    assert argument[0] == "texts"
    assert isinstance(argument[1], Constant)
    assert reader.input.model_validate({"texts": argument[1].value}).texts.key == "k"
    assert dag.by_id["last"].uses == {"read"}  # the replayer takes the result of any agent
    assert set(file.replayed_seconds()) == {"first", "last"}
    assert {agent.name for agent in compile_dag_file(file).agents} == {"reader", "replayer"}


def test_several_last_tasks_return_nothing(tmp_path: Path) -> None:
    assert read(tmp_path, {"id": "a"}, {"id": "b"}).dag().result is None


def test_what_takes_longer_than_a_function_may_is_refused_with_a_scale_that_fits(tmp_path: Path) -> None:
    file = read(tmp_path, {"id": "short", "seconds": 1}, {"id": "long", "seconds": 8_700})
    with pytest.raises(DagFileError, match=r"8,700.0 seconds, more than the 870 .* at most 0\.1$") as refused:
        file.check_replay(1.0)
    assert refused.value.place == "tasks[1].id"
    file.check_replay(0.1)


def test_the_description_changes_with_whatever_is_deployed(tmp_path: Path) -> None:
    one, other = read(tmp_path, {"id": "a"}), read(tmp_path, {"id": "b"})
    said = {one.description(1.0), one.description(0.5), other.description(1.0)}
    assert len(said) == 3
    assert compile_dag_file(one, 0.5).definition["Comment"] == one.description(0.5)


@pytest.mark.parametrize(
    ("stem", "name"),
    [
        ("CyberShake_50", "dag-CyberShake-50"),
        ("wf--x..y", "dag-wf-x-y"),
        ("数据", "dag"),
        ("1000genome", "dag-1000genome"),
    ],
)
def test_the_name_of_a_workflow_comes_from_the_files_name(stem: str, name: str) -> None:
    assert workflow_name(stem) == name


def test_long_names_stay_apart() -> None:
    names = {workflow_name("x" * 100 + end) for end in "ab"}
    assert len(names) == 2
    assert max(map(len, names)) <= MAX_NAME
