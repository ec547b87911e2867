"""Reading DAG files: what they may hold, and what is said of those that cannot be used."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from stepweave.dag_files.errors import DagFileError
from stepweave.dag_files.read import read_dag_file


def written(folder: Path, content: object) -> Path:
    path = folder / "graph.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return path


def task(task_id: object, *depends_on: object, seconds: object = 1.0, **more: object) -> dict[str, Any]:
    return {"id": task_id, "seconds": seconds, "depends_on": list(depends_on), **more}


def test_the_simple_form_keeps_order_and_redundant_edges(tmp_path: Path) -> None:
    tasks = [task("c", "b", "a", seconds=3), task("a", seconds=0), task("b", "a", seconds=1.5)]
    file = read_dag_file(written(tmp_path, {"name": "n", "durations": "real", "source": {"x": 1}, "tasks": tasks}))
    assert [(one.id, [other.task for other in one.depends_on]) for one in file.tasks] == [
        ("c", ["b", "a"]),
        ("a", []),
        ("b", ["a"]),
    ]
    assert file.durations == {"c": 3.0, "a": 0.0, "b": 1.5}
    assert file.name == "dag-graph"


def test_unknown_durations_are_not_taken_for_real_ones(tmp_path: Path) -> None:
    file = read_dag_file(written(tmp_path, {"durations": "unknown", "tasks": [task("a")]}))
    assert file.durations is None
    partly = read_dag_file(written(tmp_path, {"tasks": [task("a", seconds=2), {"id": "b"}]}))
    assert partly.durations == {"a": 2.0}


@pytest.mark.parametrize("task_id", ["build:base+32bit", "<<matrix.x>>", "a/b#1", "x" * 80, "~*?,;"])
def test_ids_of_other_systems_are_kept_as_they_are(tmp_path: Path, task_id: str) -> None:
    file = read_dag_file(written(tmp_path, {"tasks": [task(task_id), task("other", task_id)]}))
    assert [one.id for one in file.tasks] == [task_id, "other"]
    assert file.dag().by_id["other"].dependencies == {task_id}


@pytest.mark.parametrize(
    ("content", "place", "said"),
    [
        ({"tasks": []}, "", "no tasks"),
        ({"nodes": []}, "", "neither 'tasks'"),
        ([], "", "must be an object, not a list"),
        ({"tasks": {}}, "tasks", "must be a list, not an object"),
        ({"tasks": [1]}, "tasks[0]", "must be an object, not a number"),
        ({"tasks": [{}]}, "tasks[0]", "lacks the field 'id'"),
        ({"tasks": [task(None)]}, "tasks[0].id", "must be text, not null"),
        ({"tasks": [task("")]}, "tasks[0].id", "cannot name a state"),
        ({"tasks": [task("a"), task("x" * 81)]}, "tasks[1].id", "has 81 characters; Step Functions allows 80"),
        ({"tasks": [task("é")]}, "tasks[0].id", "'é' cannot name a state: it holds U+00E9"),
        ({"tasks": [task(" a")]}, "tasks[0].id", "begins or ends with a space"),
        ({"tasks": [task("a\u202eb")]}, "tasks[0].id", "RIGHT-TO-LEFT OVERRIDE"),
        ({"tasks": [task("a\x1b[2Jb")]}, "tasks[0].id", "U+001B (a control character)"),
        ({"tasks": [task("  ")]}, "tasks[0].id", "it is blank"),
        ({"tasks": [task("a\n")]}, "tasks[0].id", "cannot name a state"),
        ({"tasks": [task("it's")]}, "tasks[0].id", "cannot quote"),
        ({"tasks": [task("a\\b")]}, "tasks[0].id", "cannot quote"),
        ({"tasks": [task("a[0]")]}, "tasks[0].id", "cannot quote"),
        ({"tasks": [task("${agent_reader}")]}, "tasks[0].id", "cannot quote"),
        ({"tasks": [task("slot:1")]}, "tasks[0].id", "could be taken for something else"),
        ({"tasks": [task("a/../b")]}, "tasks[0].id", "could be taken for something else"),
        ({"tasks": [task("a"), task("b"), task("a")]}, "tasks[2].id", "the id 'a' is that of tasks[0].id too"),
        ({"tasks": [task("a", "a")]}, "tasks[0].depends_on[0]", "task 'a' depends on itself"),
        ({"tasks": [task("a"), task("b", "a", "c")]}, "tasks[1].depends_on[1]", "there is no task 'c'"),
        ({"tasks": [task("a"), task("b", "a", "a")]}, "tasks[1].depends_on[1]", "named twice"),
        ({"tasks": [task("a"), task("b", 7)]}, "tasks[1].depends_on[0]", "must be text, not a number"),
        ({"tasks": [{"id": "a", "depends_on": "b"}]}, "tasks[0].depends_on", "must be a list, not text"),
        ({"tasks": [{"id": "a", "dependson": []}]}, "tasks[0]", "did you mean 'depends_on'?"),
        ({"tasks": [task("a", seconds=-0.5)]}, "tasks[0].seconds", "-0.5 seconds is negative"),
        ({"tasks": [task("a", seconds=float("nan"))]}, "tasks[0].seconds", "NaN is no number"),
        ({"tasks": [task("a", seconds=float("inf"))]}, "tasks[0].seconds", "longer than the 31,622,400"),
        ({"tasks": [task("a", seconds=10**300)]}, "tasks[0].seconds", "longer than the 31,622,400"),
        ({"tasks": [task("a", seconds="1")]}, "tasks[0].seconds", "must be a number of seconds, not text"),
        ({"tasks": [task("a", seconds=True)]}, "tasks[0].seconds", "must be a number of seconds, not true or false"),
        ({"durations": 5, "tasks": [task("a")]}, "durations", "must be text"),
        ({"tasks": [task("a", agent="readr")]}, "tasks[0].agent", "did you mean 'reader'?"),
        ({"tasks": [task("a", agent="contract")]}, "tasks[0].agent", "there is no agent 'contract'"),
        ({"tasks": [task("a", agent="../reader")]}, "tasks[0].agent", "there is no agent"),
        ({"tasks": [task("a", agent="reader")]}, "tasks[0].id", "lacks the input 'texts' of agent 'reader'"),
        ({"tasks": [task("a", agent="reader", input={})]}, "tasks[0].input", "lacks the input 'texts'"),
        ({"tasks": [task("a", agent="reader", input={"texts": {}})]}, "tasks[0].input.texts.bucket", "Field required"),
        ({"tasks": [task("a", input={"nap": 1})]}, "tasks[0].input.nap", "agent 'replayer' has no input 'nap'"),
        ({"tasks": [task("a", input=[])]}, "tasks[0].input", "must be an object, not a list"),
        ({"tasks": [task("a", input={"seconds": 1})]}, "tasks[0].input.seconds", "stand beside its id"),
        (
            {"tasks": [task("a"), task("b", "a", input={"dependencies": []})]},
            "tasks[1].input.dependencies",
            "results of the dependencies go here",
        ),
        (
            {"tasks": [task("a", input={"dependencies": [{"x": float("inf")}]})]},
            "tasks[0].input.dependencies[0].x",
            "inf is no JSON number",
        ),
        ({"tasks": [task("a", input={"dependencies": ["\ud800"]})]}, "tasks[0].input.dependencies[0]", "surrogate"),
    ],
)
def test_what_cannot_be_used_is_refused_at_its_place(tmp_path: Path, content: object, place: str, said: str) -> None:
    path = written(tmp_path, content)
    with pytest.raises(DagFileError) as refused:
        read_dag_file(path)
    assert refused.value.place == place
    assert said in str(refused.value)
    assert str(refused.value).startswith(f"{path}: ")


def test_a_cycle_is_told_from_its_first_task_and_at_an_edge_of_it(tmp_path: Path) -> None:
    tasks = [task("start"), task("b", "start", "d"), task("c", "b"), task("d", "c")]
    with pytest.raises(DagFileError, match="the tasks b -> c -> d -> b wait for one another") as refused:
        read_dag_file(written(tmp_path, {"tasks": tasks}))
    assert refused.value.place == "tasks[1].depends_on[1]"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "line 1, column 1: the file is empty"),
        ('{"tasks": [\n  {"id": "a", "sec', "line 2, column 15: not valid JSON"),
        ('{"tasks": [\n  {"id": "a"},', "it may be cut off"),
        ('{"tasks": [}', "line 1, column 12: not valid JSON: Expecting value; correct it"),
        ('{"tasks": [], "tasks": []}', "two fields 'tasks'"),
        ("[" * 100_000, "nested too deeply"),
        ('{"tasks": ' + "1" * 5_000 + "}", "not valid JSON"),
    ],
)
def test_what_is_no_json_is_refused_with_line_and_column(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(DagFileError) as refused:
        read_dag_file(written(tmp_path, text))
    assert said in str(refused.value)


def test_deep_constants_are_refused(tmp_path: Path) -> None:
    deep: object = 1
    for _ in range(200):
        deep = [deep]
    with pytest.raises(DagFileError, match="nested too deeply"):
        read_dag_file(written(tmp_path, {"tasks": [task("a", input={"dependencies": [deep]})]}))


def test_what_is_no_text_is_refused_with_its_place(tmp_path: Path) -> None:
    path = tmp_path / "graph.json"
    path.write_bytes(b'{"tasks":\n "\xff"}')
    with pytest.raises(DagFileError, match="line 2: not UTF-8 text, at byte 12"):
        read_dag_file(path)
    path.write_bytes(b"\xef\xbb\xbf" + json.dumps({"tasks": [task("a")]}).encode())
    assert len(read_dag_file(path).tasks) == 1


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for name, said in [("missing", "cannot be read: No such file"), (".", "is a folder"), ("pipe", "no regular file")]:
        with pytest.raises(DagFileError, match=said):
            read_dag_file(tmp_path / name)


def test_a_file_of_200_mb_is_refused_before_it_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "large.json"
    with path.open("wb") as file:
        file.truncate(200 * 1024 * 1024)
    monkeypatch.setattr(json, "loads", lambda *_, **__: pytest.fail("it was parsed"))
    with pytest.raises(DagFileError, match="has 209,715,200 bytes, more than the 67,108,864"):
        read_dag_file(path)


def test_long_ids_of_a_graph_that_was_recorded_elsewhere_are_shortened(tmp_path: Path) -> None:
    long = "PIPELINE." * 10 + "SORT"
    path = written(tmp_path, {"source": "somebody/pipeline @1f2e3d", "tasks": [task(long), task("b", long)]})
    file = read_dag_file(path)
    assert list(file.shortened) == [long]
    assert [other.task for other in file.tasks[1].depends_on] == [file.shortened[long]]


def test_long_ids_are_shortened_only_if_asked_for(tmp_path: Path) -> None:
    first, second = "PIPELINE." * 10 + "SORT_1", "PIPELINE." * 10 + "SORT_2"
    path = written(tmp_path, {"tasks": [task(first), task(second, first), task("short", second)]})
    with pytest.raises(DagFileError, match="pass --shorten-ids"):
        read_dag_file(path)
    file = read_dag_file(path, shorten_ids=True)
    assert set(file.shortened) == {first, second}
    new = [file.shortened[first], file.shortened[second]]
    assert [one.id for one in file.tasks] == [*new, "short"]
    assert [[other.task for other in one.depends_on] for one in file.tasks] == [[], new[:1], new[1:]]
    assert [len(one) for one in new] == [80, 80]
    assert [one[-6:] for one in new] == ["SORT_1", "SORT_2"]
