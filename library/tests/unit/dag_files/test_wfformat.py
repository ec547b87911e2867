"""WfCommons WfFormat: the same workflow in the versions that are read."""

import json
from pathlib import Path
from typing import Any

import pytest

from stepweave.dag_files.dag_file import DagFile
from stepweave.dag_files.errors import DagFileError
from stepweave.dag_files.read import read_dag_file

EDGES = {"split_ID1": [], "align_ID2": ["split_ID1"], "sort_ID3": ["split_ID1"], "merge_ID4": ["align_ID2", "sort_ID3"]}
SECONDS = {"split_ID1": 1.5, "align_ID2": 20, "sort_ID3": 0, "merge_ID4": 3.25}


def read(folder: Path, content: dict[str, Any]) -> DagFile:
    path = folder / "instance.json"
    path.write_text(json.dumps(content))
    return read_dag_file(path)


def flat(*, by: str, declared_at: str) -> dict[str, Any]:
    """The workflow in 1.4, with references by name or by id, declared at one end or at both."""
    refer = {name: name if by == "name" else name.partition("_")[2] for name in EDGES}
    tasks = []
    for name, parents in EDGES.items():
        one: dict[str, Any] = {
            "name": name,
            "id": name.partition("_")[2],
            "type": "compute",
            "runtimeInSeconds": SECONDS[name],
        }
        if declared_at != "children":
            one["parents"] = [refer[parent] for parent in parents]
        if declared_at != "parents":
            one["children"] = [refer[child] for child, needs in EDGES.items() if name in needs]
        tasks.append(one)
    return {"name": "w", "schemaVersion": "1.4", "workflow": {"makespanInSeconds": 30, "tasks": tasks}}


def split(version: str = "1.5") -> dict[str, Any]:
    """The workflow in 1.5 and later."""
    specified = [{"name": "task", "id": name, "parents": parents, "children": []} for name, parents in EDGES.items()]
    measured = [{"id": name, "runtimeInSeconds": seconds} for name, seconds in SECONDS.items()]
    return {
        "name": "w",
        "schemaVersion": version,
        "workflow": {"specification": {"tasks": specified, "files": []}, "execution": {"tasks": measured}},
    }


@pytest.mark.parametrize(
    "content",
    [
        *(flat(by=by, declared_at=end) for by in ("name", "id") for end in ("parents", "children", "both")),
        split("1.5"),
        split("1.6"),
    ],
)
def test_every_version_gives_the_same_graph(tmp_path: Path, content: dict[str, Any]) -> None:
    file = read(tmp_path, content)
    assert file.dependencies == {name: frozenset(parents) for name, parents in EDGES.items()}
    assert file.durations == SECONDS
    assert [one.id for one in file.tasks] == list(EDGES)


def test_tasks_that_share_a_name_are_told_apart_by_id(tmp_path: Path) -> None:
    tasks = [{"name": "align", "id": "ID1"}, {"name": "align", "id": "ID2", "parents": ["ID1"]}]
    file = read(tmp_path, {"schemaVersion": "1.4", "workflow": {"tasks": tasks}})
    assert file.dependencies == {"ID1": frozenset(), "ID2": frozenset({"ID1"})}


def test_a_workflow_that_was_never_run_has_no_durations(tmp_path: Path) -> None:
    content = split()
    del content["workflow"]["execution"]
    assert read(tmp_path, content).durations is None


@pytest.mark.parametrize(
    ("changes", "place", "said"),
    [
        ({"schemaVersion": "1.3"}, "schemaVersion", "WfFormat '1.3' is not known here"),
        ({"schemaVersion": None}, "schemaVersion", "must be text"),
        ({"workflow": []}, "workflow", "must be an object"),
        ({"workflow": {}}, "workflow", "lacks the field 'specification'"),
        ({"workflow": {"specification": {"tasks": [{"id": "a", "parents": ["b"]}]}}},
         "workflow.specification.tasks[0].parents[0]", "there is no task 'b'"),
        ({"workflow": {"specification": {"tasks": [{"id": "a", "children": ["b"]}]}}},
         "workflow.specification.tasks[0].children[0]", "'b' is no task of this file"),
        ({"workflow": {"specification": {"tasks": [{"id": "a"}]},
                       "execution": {"tasks": [{"id": "b", "runtimeInSeconds": 1}]}}},
         "workflow.execution.tasks[0].id", "'b' is no task of workflow.specification"),
        ({"workflow": {"specification": {"tasks": [{"id": "a"}]},
                       "execution": {"tasks": [{"id": "a", "runtimeInSeconds": -1}]}}},
         "workflow.execution.tasks[0].runtimeInSeconds", "negative"),
        ({"schemaVersion": "1.4", "workflow": {"tasks": [{"id": "a"}]}},
         "workflow.tasks[0]", "lacks the field 'name'"),
        ({"schemaVersion": "1.4", "workflow": {"tasks": [{"name": "a"}, {"name": "a"}]}},
         "workflow.tasks[0]", "lacks the field 'id'"),
    ],
)  # fmt: skip
def test_what_is_no_wfformat_is_refused_at_its_place(
    tmp_path: Path, changes: dict[str, Any], place: str, said: str
) -> None:
    with pytest.raises(DagFileError) as refused:
        read(tmp_path, split() | changes)
    assert refused.value.place == place
    assert said in str(refused.value)
