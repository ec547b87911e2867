"""Whatever a DAG file holds is either read as it is, or refused with the one error that a user sees."""

import json
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from stepweave.dag_files.dag_file import DagFile
from stepweave.dag_files.errors import DagFileError
from stepweave.dag_files.read import read_dag_file
from stepweave.graph.critical_path import critical_path_seconds
from stepweave.graph.validate import check_id, validate
from tests.properties.graphs import dependency_maps

scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3)
)
ids = st.text(st.characters(min_codepoint=32, max_codepoint=126), min_size=1, max_size=80).filter(
    lambda text: check_id(text) is None
)
seconds = st.floats(0, 10_000)


def read(content: object) -> DagFile:
    with TemporaryDirectory() as folder:
        path = Path(folder, "graph.json")
        path.write_text(json.dumps(content))
        return read_dag_file(path)


def refusal(path: Path) -> str | None:
    """Return what is said of a file that cannot be used; any other error than that one is a defect."""
    try:
        read_dag_file(path)
    except DagFileError as error:
        return str(error)
    return None


@st.composite
def graphs(draw: st.DrawFn) -> tuple[dict[str, list[str]], dict[str, float]]:
    """Draw dependencies with ids of all kinds, and durations."""
    edges = draw(dependency_maps(10))
    new = dict(zip(edges, draw(st.lists(ids, min_size=len(edges), max_size=len(edges), unique=True)), strict=True))
    needs = {
        new[task]: [new[needed] for needed in draw(st.permutations(list(before)))] for task, before in edges.items()
    }
    return needs, {task: draw(seconds) for task in needs}


def simple(needs: dict[str, list[str]], took: dict[str, float]) -> dict[str, Any]:
    tasks = [{"id": task, "seconds": took[task], "depends_on": before} for task, before in needs.items()]
    return {"durations": "real", "tasks": tasks}


def wfformat(needs: dict[str, list[str]], took: dict[str, float]) -> dict[str, Any]:
    specified = [{"id": task, "name": "x", "parents": before, "children": []} for task, before in needs.items()]
    measured = [{"id": task, "runtimeInSeconds": took[task]} for task in reversed(needs)]
    workflow = {"specification": {"tasks": specified}, "execution": {"tasks": measured}}
    return {"schemaVersion": "1.5", "workflow": workflow}


@given(graphs())
def test_what_was_written_is_read(graph: tuple[dict[str, list[str]], dict[str, float]]) -> None:
    needs, took = graph
    for write in (simple, wfformat):
        file = read(write(needs, took))
        assert {task.id: [one.task for one in task.depends_on] for task in file.tasks} == needs
        assert file.durations == took
        dag = file.dag(0.0)
        validate(dag)
        assert {task.id: set(task.dependencies) for task in dag.tasks} == {task: set(b) for task, b in needs.items()}


@given(graphs())
def test_no_chain_of_tasks_is_longer_than_the_critical_path(
    graph: tuple[dict[str, list[str]], dict[str, float]],
) -> None:
    needs, took = graph

    def longest(task: str) -> float:
        return took[task] + max(map(longest, needs[task]), default=0.0)

    found = critical_path_seconds({task: frozenset(before) for task, before in needs.items()}, took)
    assert found == max(map(longest, needs))


@st.composite
def nearly_right(draw: st.DrawFn) -> object:
    """Draw a file of which some places hold any value at all."""
    needs, took = draw(graphs())
    content: Any = draw(st.sampled_from([simple, wfformat]))(needs, took)
    for _ in range(draw(st.integers(1, 3))):
        place: Any = content
        while isinstance(place, dict | list) and place:
            key = draw(st.sampled_from(sorted(place) if isinstance(place, dict) else range(len(place))))
            if not isinstance(place[key], dict | list) or not place[key] or draw(st.booleans()):
                place[key] = draw(values)
                break
            place = place[key]
    return content


@given(values | st.builds(lambda tasks: {"tasks": tasks}, values) | nearly_right())
def test_any_json_is_read_or_refused_with_one_kind_of_error(content: object) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder, "graph.json")
        path.write_text(json.dumps(content))
        said = refusal(path)
    if said is None:
        validate(read(content).dag())
    else:
        assert said.isprintable()
        assert len(said) < 2_000


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused_with_one_kind_of_error(content: bytes) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder, "graph.json")
        path.write_bytes(content)
        said = refusal(path)
    assert said is None or said.isprintable()
