import sqlite3
from pathlib import Path

import pytest

from stepweave.local_cloud.persistence.snapshot_file import FILE_NAME, KeptObject, SnapshotError, SnapshotFile


def kept(key: str, body: bytes = b"body", version: str = "1") -> KeptObject:
    return KeptObject("bucket", key, version, {"ContentType": "text/plain"}, body)


def test_entries_come_back_in_their_order_and_nothing_else_does(tmp_path: Path) -> None:
    with SnapshotFile(tmp_path / "new" / "folder") as file:
        with file.writing():
            file.replace("stack", {"b": {"n": 1}, "a": [b"\x00"], "c": None})
            file.replace("queue", {"a": "other"})
        with file.writing():
            file.replace("stack", {"a": [b"\x01"], "b": {"n": 1}})
    with SnapshotFile(tmp_path / "new" / "folder") as file:
        assert list(file.entries("stack").items()) == [("a", [b"\x01"]), ("b", {"n": 1})]
        assert file.entries("queue") == {"a": "other"}
        assert file.entries("nothing") == {}


def test_objects_come_back(tmp_path: Path) -> None:
    with SnapshotFile(tmp_path) as file:
        with file.writing():
            for one in (kept("a"), kept("b", b""), kept("c")):
                file.put(one)
            file.put(kept("a", b"newer", "2"))
            file.remove("bucket", "c")
        assert file.versions() == {("bucket", "a"): "2", ("bucket", "b"): "1"}
        assert list(file.objects()) == [kept("a", b"newer", "2"), kept("b", b"")]


def write_two(file: SnapshotFile) -> None:
    with file.writing():
        file.replace("stack", {"b": 2})
        file.replace("queue", {"c": object()})


def test_what_fails_half_way_changes_nothing(tmp_path: Path) -> None:
    with SnapshotFile(tmp_path) as file:
        with file.writing():
            file.replace("stack", {"a": 1})
        with pytest.raises(TypeError, match="object cannot be kept"):
            write_two(file)
        assert file.entries("stack") == {"a": 1}


def write(file: Path) -> None:
    with SnapshotFile(file.parent) as snapshot, snapshot.writing():
        snapshot.replace("stack", {str(number): "x" * 1000 for number in range(50)})


def foreign(file: Path) -> None:
    database = sqlite3.connect(file)
    database.execute("CREATE TABLE mine (a)")
    database.commit()
    database.close()


def newer(file: Path) -> None:
    write(file)
    database = sqlite3.connect(file)
    database.execute("PRAGMA user_version = 99")
    database.close()


def truncated(file: Path) -> None:
    write(file)
    content = file.read_bytes()
    file.write_bytes(content[: len(content) // 2])


def overwritten(file: Path) -> None:
    write(file)
    content = file.read_bytes()
    file.write_bytes(content[:8192] + b"\xff" * 8192 + content[16384:])


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda file: file.write_text("my notes\n" * 1000), "is damaged"),
        (truncated, "is damaged"),
        (overwritten, "is damaged"),
        (foreign, "was not written by a local cloud"),
        (newer, "has format 99, and this release reads 1"),
    ],
)
def test_a_file_that_is_not_ours_is_refused_and_left_as_it_is(tmp_path: Path, make: object, said: str) -> None:
    file = tmp_path / FILE_NAME
    make(file)  # type: ignore[operator]
    before = file.read_bytes()
    with pytest.raises(SnapshotError, match=said) as refused:
        SnapshotFile(tmp_path)
    assert str(file) in str(refused.value)
    assert "left as it is" in str(refused.value)
    assert file.read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == [FILE_NAME]


def test_two_cannot_use_one_folder(tmp_path: Path) -> None:
    with SnapshotFile(tmp_path), pytest.raises(SnapshotError, match="in use by another local cloud"):
        SnapshotFile(tmp_path)
    SnapshotFile(tmp_path).close()


def test_a_folder_that_cannot_be_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(SnapshotError, match="choose another folder"):
        SnapshotFile(tmp_path / "file")
