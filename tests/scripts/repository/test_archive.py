from __future__ import annotations

import hashlib
import os
import shutil
import tarfile
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lambdas.shared.repository.extract import extract
from scripts.repository import tracked_files
from scripts.repository.archive import archive_repository
from scripts.repository.errors import RepositoryError

if TYPE_CHECKING:
    from tests.scripts.repository.conftest import Repository


def names(path: Path) -> list[str]:
    with tarfile.open(path, errors="surrogateescape") as tar:
        return tar.getnames()


def test_the_tracked_files_are_archived_as_they_are_now(repository: Repository, out: Path) -> None:
    repository.write("b/changed.py", "old = 1\n")
    repository.write("a.py")
    repository.write("deleted.py")
    commit = repository.commit()
    repository.write("b/changed.py", "new = 2\n")
    repository.write("untracked.py")
    (repository.path / "deleted.py").unlink()
    archive = archive_repository(str(repository.path), out)
    assert (archive.name, archive.commit, archive.dirty) == ("demo", commit, True)
    assert (archive.files, archive.bytes) == (2, len("x = 1\nnew = 2\n"))
    assert archive.notes == ("left out deleted.py: it is tracked but not in the working tree",)
    assert archive.sha256 == hashlib.sha256(archive.path.read_bytes()).hexdigest()
    assert list(out.iterdir()) == [archive.path]
    tree = out / "tree"
    tree.mkdir()
    extract(archive.path, tree)
    assert {str(path.relative_to(tree)): path.read_text() for path in tree.rglob("*.py")} == {
        "a.py": "x = 1\n",
        "b/changed.py": "new = 2\n",
    }


def test_a_clean_repository_is_not_dirty(repository: Repository, out: Path) -> None:
    repository.write("a.py")
    repository.commit()
    repository.write("untracked.py")
    assert archive_repository(repository.path, out).dirty is False


def test_before_the_first_commit_there_is_none(repository: Repository, out: Path) -> None:
    repository.write("a.py")
    repository.git("add", "a.py")
    archive = archive_repository(repository.path, out)
    assert (archive.commit, archive.dirty, archive.files) == (None, True, 1)


def test_the_same_content_has_the_same_digest_wherever_and_whenever(repository: Repository, out: Path) -> None:
    repository.write("a.py")
    repository.write("b/c.py").chmod(0o755)
    repository.commit()
    first = archive_repository(repository.path, out)
    elsewhere = out / "elsewhere"
    shutil.copytree(repository.path, elsewhere)
    for path in elsewhere.rglob("*.py"):
        os.utime(path, (1, 1))
    (elsewhere / "a.py").chmod(0o600)
    assert archive_repository(elsewhere, out).sha256 == first.sha256
    (elsewhere / "a.py").chmod(0o700)
    assert archive_repository(elsewhere, out).sha256 != first.sha256


file_names = st.binary(min_size=1, max_size=12).filter(
    lambda name: not {b"/", b"\0"} & {bytes([byte]) for byte in name} and name.lower() not in (b".", b"..", b".git")
)


@given(st.dictionaries(file_names, st.binary(max_size=300), min_size=1, max_size=5))
@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_is_extracted_is_what_was_tracked(repository: Repository, files: dict[bytes, bytes]) -> None:
    with tempfile.TemporaryDirectory() as place:
        copy = Path(place) / "copy"
        shutil.copytree(repository.path, copy)
        try:
            for name, content in files.items():
                (copy / os.fsdecode(name)).write_bytes(content)
        except OSError:
            return  # this file system allows UTF-8 names only
        type(repository)(copy).git("add", "--all", "--force")
        archive = archive_repository(copy, Path(place))
        tree = Path(place) / "tree"
        tree.mkdir()
        extract(archive.path, tree)
        assert {os.fsencode(path.name): path.read_bytes() for path in tree.iterdir()} == files
        assert names(archive.path) == [os.fsdecode(name) for name in sorted(files)]


def test_links_inside_the_tree_are_kept_and_others_left_out(repository: Repository, out: Path) -> None:
    repository.write("d/a.py")
    for name, target in {
        "inside": "d/a.py",
        "d/up": "..",
        "gone": "missing",
        "absolute": "/etc/passwd",
        "outside": "../secret",
        "loop": "loop",
        "chain": "outside",
    }.items():
        (repository.path / name).symlink_to(target)
    (out.parent / "secret").write_text("secret")
    repository.commit()
    archive = archive_repository(repository.path, out)
    assert names(archive.path) == ["d/a.py", "d/up", "gone", "inside"]
    assert [note.split()[2] for note in archive.notes] == ["absolute:", "chain:", "loop:", "outside:"]
    tree = out / "tree"
    tree.mkdir()
    extract(archive.path, tree)
    assert (tree / "d/up").readlink() == Path("..")


def test_a_directory_that_became_a_link_is_not_followed(repository: Repository, out: Path) -> None:
    repository.write("a.py")
    repository.write("d/inner/b.py")
    repository.commit()
    shutil.rmtree(repository.path / "d")
    secret = out.parent / "secret/inner"
    secret.mkdir(parents=True)
    (secret / "b.py").write_text("secret")
    (repository.path / "d").symlink_to(secret.parent)
    archive = archive_repository(repository.path, out)
    assert names(archive.path) == ["a.py"]
    assert archive.notes == ("left out d/inner/b.py: it is tracked but not in the working tree",)


def test_submodules_and_pipes_are_left_out(repository: Repository, out: Path) -> None:
    repository.write("a.py")
    pipe = repository.write("pipe")
    commit = repository.commit()
    repository.git("update-index", "--add", "--cacheinfo", f"160000,{commit},vendored")
    (repository.path / "vendored").mkdir()
    pipe.unlink()
    os.mkfifo(pipe)
    archive = archive_repository(repository.path, out)
    assert names(archive.path) == ["a.py"]
    assert archive.notes == (
        "left out vendored: it is a submodule",
        "left out pipe: it is neither a regular file nor a symbolic link",
    )


def test_a_file_in_conflict_is_archived_once(repository: Repository, out: Path) -> None:
    repository.write("a.py", "base\n")
    repository.commit()
    repository.git("checkout", "--quiet", "-b", "other")
    repository.write("a.py", "other\n")
    repository.commit()
    repository.git("checkout", "--quiet", "main")
    repository.write("a.py", "main\n")
    repository.commit()
    with pytest.raises(Exception, match="merge"):
        repository.git("merge", "other")
    assert names(archive_repository(repository.path, out).path) == ["a.py"]


def test_many_paths_left_out_are_counted(repository: Repository, out: Path) -> None:
    repository.write("a.py")
    for number in range(8):
        (repository.path / f"link{number}").symlink_to("/nowhere")
    repository.commit()
    notes = archive_repository(repository.path, out).notes
    assert len(notes) == 6
    assert notes[-1].startswith("left out 3 more, each of which is a symbolic link")


def test_of_a_directory_inside_a_repository_only_that_is_archived(repository: Repository, out: Path) -> None:
    repository.write("a.py")
    repository.write("service/b.py")
    commit = repository.commit()
    repository.write("a.py", "changed = 1\n")
    archive = archive_repository(repository.path / "service", out)
    assert (archive.name, archive.commit, archive.dirty) == ("service", commit, False)
    assert names(archive.path) == ["b.py"]


def test_a_repository_at_a_url_is_cloned(repository: Repository, out: Path) -> None:
    repository.write("a.py")
    commit = repository.commit()
    repository.write("a.py", "uncommitted = 1\n")
    archive = archive_repository(f"file://{repository.path}", out)
    assert (archive.name, archive.commit, archive.dirty, archive.bytes) == ("demo", commit, False, len("x = 1\n"))


def test_nothing_is_run_that_the_repository_brings(repository: Repository, out: Path) -> None:
    repository.write("a.py")
    repository.commit()
    alarm = out.parent / "alarm"
    script = out.parent / "script"
    script.write_text(f"#!/bin/sh\ntouch {alarm}\n")
    script.chmod(0o755)
    for hook in ("post-checkout", "post-index-change", "fsmonitor-watchman"):
        shutil.copy(script, repository.path / ".git/hooks" / hook)
    repository.git("config", "core.fsmonitor", str(script))
    repository.write("a.py", "changed = 1\n")
    archive_repository(repository.path, out)
    archive_repository(f"file://{repository.path}", out)
    assert not alarm.exists()


def test_the_repository_is_not_changed(repository: Repository, out: Path) -> None:
    repository.write("a.py")
    repository.commit()
    os.utime(repository.path / "a.py", (1, 1))  # git would like to note this in its index
    before = {path: path.read_bytes() for path in repository.path.rglob("*") if path.is_file()}
    archive_repository(repository.path, out)
    assert {path: path.read_bytes() for path in repository.path.rglob("*") if path.is_file()} == before


def test_a_missing_path(out: Path) -> None:
    with pytest.raises(RepositoryError, match="no such directory"):
        archive_repository(out / "missing", out)


def test_a_path_that_is_a_file(repository: Repository, out: Path) -> None:
    with pytest.raises(RepositoryError, match="is a file; give the directory"):
        archive_repository(repository.write("a.py"), out)


def test_a_directory_that_is_no_repository(out: Path) -> None:
    with pytest.raises(RepositoryError, match="is not a Git repository; run `git init`"):
        archive_repository(out, out)


def test_a_repository_without_files(repository: Repository, out: Path) -> None:
    repository.write("untracked.py")
    with pytest.raises(RepositoryError, match="git tracks no file here"):
        archive_repository(repository.path, out)


def test_a_repository_all_of_whose_files_are_gone(repository: Repository, out: Path) -> None:
    repository.write("a.py")
    repository.commit()
    (repository.path / "a.py").unlink()
    with pytest.raises(RepositoryError, match=r"nothing is left to review: left out a\.py"):
        archive_repository(repository.path, out)
    assert not list(out.iterdir())


def test_a_bare_repository(repository: Repository, out: Path) -> None:
    repository.git("clone", "--quiet", "--bare", ".", str(out / "bare"))
    with pytest.raises(RepositoryError, match=r"is a bare repository.*file://"):
        archive_repository(out / "bare", out)


def test_the_inside_of_a_git_directory(repository: Repository, out: Path) -> None:
    with pytest.raises(RepositoryError, match="without files to review"):
        archive_repository(repository.path / ".git", out)


def test_a_repository_of_another_user_is_read_since_nothing_of_it_runs(
    repository: Repository, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository.write("a.py")
    repository.commit()
    monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
    assert names(archive_repository(repository.path, out).path) == ["a.py"]


@pytest.mark.parametrize(
    "path", ["../secret.py", "/usr//secret.py", "d/../../secret.py", ".git/secret.py", "./secret.py"]
)
def test_a_path_that_git_would_not_track_is_left_out(repository: Repository, out: Path, path: str) -> None:
    """An index is a file like any other: whoever wrote it chose what is in it."""
    stand_in = "x" * len(path)
    repository.write("a.py")
    repository.write(stand_in)
    repository.commit()
    for place in (repository.path, repository.path / ".git", repository.path.parent):
        (place / "secret.py").write_text("secret")
    index = repository.path / ".git/index"
    content = index.read_bytes()[:-20].replace(stand_in.encode(), path.encode())
    index.write_bytes(content + hashlib.sha1(content, usedforsecurity=False).digest())
    archive = archive_repository(repository.path, out)
    assert names(archive.path) == ["a.py"]


@pytest.mark.parametrize(
    "name", ["a\nb.py", "a\rb.py", "\n", "-rf", "--help", " ", "a\tb", '"quoted"', "\udcff.py", "é.py"]
)
def test_a_file_is_one_file_whatever_its_name(repository: Repository, out: Path, name: str) -> None:
    try:
        repository.write(name)
    except OSError:
        pytest.skip("this file system allows UTF-8 names only")
    repository.write("a.py")
    repository.commit()
    (repository.path / name).unlink()
    archive = archive_repository(repository.path, out)
    assert (archive.files, len(archive.notes)) == (1, 1)
    archive.notes[0].encode()
    repository.write(name)
    assert sorted(names(archive_repository(repository.path, out).path)) == sorted(["a.py", name])


def test_an_error_can_be_printed_whatever_the_name(out: Path) -> None:
    with pytest.raises(RepositoryError) as caught:
        archive_repository(os.fspath(out / "\udcff"), out)
    str(caught.value).encode()


def test_a_damaged_index(repository: Repository, out: Path) -> None:
    repository.write("a.py")
    repository.commit()
    (repository.path / ".git/index").write_bytes(b"nonsense")
    with pytest.raises(RepositoryError, match=r"git could not read the repository: .*index"):
        archive_repository(repository.path, out)


@pytest.mark.parametrize(
    ("limit", "said"), [("MAX_TREE_BYTES", "bytes together"), ("MAX_FILES", "files in 2 directories")]
)
def test_what_no_agent_could_hold_is_refused(
    repository: Repository, out: Path, monkeypatch: pytest.MonkeyPatch, limit: str, said: str
) -> None:
    repository.write("a.py")
    repository.write("d/b.py")
    repository.commit()
    monkeypatch.setattr(tracked_files, limit, 2)
    with pytest.raises(RepositoryError, match=said):
        archive_repository(repository.path, out)
    assert not list(out.iterdir())


def test_without_git(repository: Repository, out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(RepositoryError, match="git is not installed"):
        archive_repository(repository.path, out)
