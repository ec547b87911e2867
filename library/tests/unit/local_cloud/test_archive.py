import io
import os
import zipfile
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given
from hypothesis import strategies as st

from stepweave.local_cloud.archive import write_archive

NAMES = st.text("abc_", min_size=1, max_size=4)
TREES = st.dictionaries(st.tuples(NAMES, NAMES.map(lambda name: name + ".py")), st.binary(max_size=50), max_size=8)


def archive(directory: Path) -> bytes:
    target = io.BytesIO()
    write_archive(directory, target)
    return target.getvalue()


def write_tree(directory: Path, tree: dict[tuple[str, str], bytes], *, backwards: bool = False) -> None:
    for (folder, name), content in sorted(tree.items(), reverse=backwards):
        (directory / folder).mkdir(parents=True, exist_ok=True)
        (directory / folder / name).write_bytes(content)


@given(TREES)
def test_equal_trees_give_equal_archives_that_hold_all_files(tree: dict[tuple[str, str], bytes]) -> None:
    with TemporaryDirectory() as first, TemporaryDirectory() as second:
        write_tree(Path(first), tree)
        write_tree(Path(second), tree, backwards=True)
        for file in Path(second).rglob("*.py"):
            os.utime(file, (10**9, 10**9))
        content = archive(Path(first))
        assert content == archive(Path(second))
    with zipfile.ZipFile(io.BytesIO(content)) as packed:
        assert {name: packed.read(name) for name in packed.namelist()} == {
            f"{folder}/{name}": data for (folder, name), data in tree.items()
        }
        assert all(entry.compress_type == zipfile.ZIP_STORED for entry in packed.infolist())


def test_what_can_be_executed_stays_so(tmp_path: Path) -> None:
    (tmp_path / "run").write_text("#!/bin/sh\n")
    (tmp_path / "run").chmod(0o700)
    (tmp_path / "data").write_text("x")
    (tmp_path / "data").chmod(0o600)
    with zipfile.ZipFile(io.BytesIO(archive(tmp_path))) as packed:
        modes = {entry.filename: (entry.external_attr >> 16) & 0o777 for entry in packed.infolist()}
    assert modes == {"run": 0o755, "data": 0o644}
