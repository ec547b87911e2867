"""Files are read in child processes, and a file can harm none but itself."""

import os
from pathlib import Path

import pytest
from pydantic import BaseModel

from lambdas.shared.repository.isolation import Inspection, IsolationError, Limits, inspect_files
from tests.shared.repository.trees import plant


class Seen(BaseModel):
    text: str
    folder: str


def obey(path: str) -> Seen:
    """Do what a file says: die, hang, take memory, or be read."""
    text = Path(path).read_text()
    match text:
        case "crash":
            os.abort()
        case "exit":
            raise SystemExit
        case "hang":
            while True:
                pass
        case "memory":
            return Seen(text=str(len(bytearray(10**12))), folder="")
        case "recursion":
            return obey(path)
        case "print":
            print("noise")  # noqa: T201
            os.write(1, b"noise\n")
    return Seen(text=text, folder=str(Path.cwd()))


def see(path: str) -> Seen:
    return Seen(text=Path(path).read_text(), folder=str(Path.cwd()))


LIMITS = Limits(memory_mb=1000, seconds=2.0, processes=2)


def inspect(tree: Path, limits: Limits = LIMITS) -> Inspection[Seen]:
    paths = sorted(str(path.relative_to(tree)) for path in tree.rglob("*") if not path.is_dir())
    return inspect_files(obey, Seen, tree, paths, limits)


@pytest.mark.parametrize(
    ("harm", "processes"), [("crash", 1), ("crash", 2), ("exit", 1), ("hang", 2), ("memory", 1), ("recursion", 1)]
)
def test_a_harmful_file_costs_itself_alone(tmp_path: Path, harm: str, processes: int) -> None:
    names = [f"{number}.txt" for number in range(9)]
    plant(tmp_path, {name: harm if name in ("3.txt", "8.txt") else name for name in names})

    found = inspect(tmp_path, Limits(memory_mb=500 * processes, seconds=2.0, processes=processes))

    assert {path: seen.text for path, seen in found.results.items()} == {
        name: name for name in names if name not in ("3.txt", "8.txt")
    }
    assert [file.path for file in found.skipped] == ["3.txt", "8.txt"]
    assert all(file.reason for file in found.skipped)


def test_the_function_runs_at_the_top_of_the_tree_and_may_print(tmp_path: Path) -> None:
    plant(tmp_path, {"a.txt": "print", "b.txt": "b"})

    found = inspect(tmp_path)

    assert {seen.folder for seen in found.results.values()} == {str(tmp_path.resolve())}
    assert not found.skipped


def test_results_come_in_the_order_of_the_files(tmp_path: Path) -> None:
    names = [f"{number:02}.txt" for number in range(20)]
    plant(tmp_path, {name: name for name in names})

    assert list(inspect(tmp_path).results) == names


def test_a_file_that_is_too_large_is_not_read(tmp_path: Path) -> None:
    plant(tmp_path, {"large.txt": "x" * 101, "fits.txt": "x" * 100})

    found = inspect(tmp_path, Limits(memory_mb=500, processes=1, file_bytes=100))

    assert list(found.results) == ["fits.txt"]
    assert [(file.path, file.reason) for file in found.skipped] == [("large.txt", "larger than 100 bytes")]


def test_an_unreadable_file_is_skipped_with_the_systems_reason(tmp_path: Path) -> None:
    (tmp_path / "loop.txt").symlink_to("loop.txt")

    assert [file.reason for file in inspect(tmp_path).skipped] == ["Too many levels of symbolic links"]


def test_undecodable_names_reach_the_function(tmp_path: Path) -> None:
    plant(tmp_path, {"caf\udce9.txt": "text", "\udce9.txt": "exit"})

    found = inspect(tmp_path)

    assert found.results["caf\udce9.txt"].text == "text"
    assert [file.path for file in found.skipped] == ["\\xe9.txt"]


def test_a_trees_own_modules_are_never_imported(tmp_path: Path) -> None:
    plant(tmp_path, {"json.py": "raise SystemExit", "pydantic/__init__.py": "raise SystemExit"})

    found = inspect_files(see, Seen, tmp_path, ["json.py"], LIMITS)

    assert found.results["json.py"].text == "raise SystemExit"


def test_without_files_no_process_is_started(tmp_path: Path) -> None:
    assert inspect_files(obey, Seen, tmp_path / "missing", [], LIMITS) == Inspection({}, [])


def test_a_function_that_cannot_be_imported_is_an_error_of_ours(tmp_path: Path) -> None:
    def local(path: str) -> Seen:
        return see(path)

    plant(tmp_path, {"a.txt": "a"})

    with pytest.raises(IsolationError, match="local"):
        inspect_files(local, Seen, tmp_path, ["a.txt"], LIMITS)
