"""Hostile archives: refused, or extracted without a trace outside the tree."""

import contextlib
import gzip
import io
import os
import stat
import tarfile
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lambdas.shared.repository.errors import RepositoryRefusedError
from lambdas.shared.repository.extract import extract
from lambdas.shared.repository.limits import MAX_NAME_BYTES

Member = tuple[tarfile.TarInfo, bytes]


def member(name: str, content: bytes = b"", *, kind: bytes = tarfile.REGTYPE, target: str = "") -> Member:
    info = tarfile.TarInfo(name)
    info.type, info.linkname, info.size = kind, target, len(content)
    return info, content


def link(name: str, target: str) -> Member:
    return member(name, kind=tarfile.SYMTYPE, target=target)


def packed(*members: Member, tar_format: int = tarfile.GNU_FORMAT) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz", format=tar_format, errors="surrogateescape") as tar:
        for info, content in members:
            tar.addfile(info, io.BytesIO(content))
    return buffer.getvalue()


@pytest.fixture
def unpack(tmp_path: Path) -> Callable[..., Path]:
    def run(archive: bytes, **limits: int) -> Path:
        file, tree = tmp_path / "archive.tar.gz", tmp_path / "tree"
        file.write_bytes(archive)
        tree.mkdir(exist_ok=True)
        extract(file, tree, **limits)
        return tree

    return run


components = st.sampled_from(["a", "b", "c", "..", ".", "", "A"])
paths = st.tuples(st.sampled_from(["", "/"]), st.lists(components, min_size=1, max_size=4)).map(
    lambda parts: parts[0] + "/".join(parts[1])
)
kinds = st.sampled_from(
    [tarfile.REGTYPE] * 3
    + [tarfile.SYMTYPE] * 3
    + [tarfile.DIRTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE, tarfile.CHRTYPE]
)
hostile_members = st.builds(
    lambda name, kind, target: member(name, b"x" if kind == tarfile.REGTYPE else b"", kind=kind, target=target),
    paths,
    kinds,
    paths,
)


@given(st.lists(hostile_members, max_size=6), st.sampled_from([tarfile.GNU_FORMAT, tarfile.PAX_FORMAT]))
@settings(max_examples=400, deadline=None)
def test_nothing_is_written_outside_the_tree(members: list[Member], tar_format: int) -> None:
    with tempfile.TemporaryDirectory() as place:
        outer = Path(place).resolve()
        tree, victim = outer / "tree", outer / "a"
        tree.mkdir()
        victim.mkdir()
        (victim / "b").write_text("untouched")
        archive = outer / "archive.tar.gz"
        archive.write_bytes(packed(*members, tar_format=tar_format))
        try:
            extract(archive, tree)
        except RepositoryRefusedError:
            extracted = False
        else:
            extracted = True
        assert sorted(path.name for path in outer.iterdir()) == ["a", "archive.tar.gz", "tree"]
        assert [path.name for path in victim.iterdir()] == ["b"]
        assert (victim / "b").read_text() == "untouched"
        assert (victim / "b").stat().st_nlink == 1
        for path in tree.rglob("*"):
            mode = path.lstat().st_mode
            assert stat.S_ISREG(mode) or stat.S_ISDIR(mode) or stat.S_ISLNK(mode)
            if extracted:
                assert Path(os.path.realpath(path)).is_relative_to(tree)


names = st.text(st.characters(codec="utf-8", exclude_characters="/\0"), min_size=1, max_size=8).filter(
    lambda name: name not in (".", "..")
)


@given(
    st.dictionaries(names, st.binary(max_size=2000), max_size=6),
    st.sampled_from([tarfile.GNU_FORMAT, tarfile.PAX_FORMAT]),
)
@settings(max_examples=60, deadline=None)
def test_an_honest_archive_is_extracted_as_it_is(files: dict[str, bytes], tar_format: int) -> None:
    with tempfile.TemporaryDirectory() as place:
        tree, archive = Path(place) / "tree", Path(place) / "archive.tar.gz"
        tree.mkdir()
        archive.write_bytes(packed(*(member(f"d/{name}", data) for name, data in files.items()), tar_format=tar_format))
        extract(archive, tree)
        assert {path.name: path.read_bytes() for path in tree.glob("d/*")} == files


@pytest.mark.parametrize(
    ("members", "said"),
    [
        ([member("../x", b"")], "leads out of the repository"),
        ([member("a/../../x", b"")], "leads out of the repository"),
        ([member("/etc/x", b"")], "leads out of the repository"),
        ([link("a", "/etc")], "a: the symbolic link leads out"),
        ([link("a", "../b")], "a: the symbolic link leads out"),
        ([link("a", "b"), link("b", "c/.."), link("c", ".")], "the symbolic link leads out"),
        ([link("a", "."), member("a/x", b"")], "a is both a symbolic link and a directory"),
        ([member("a/x", b""), link("a", "b")], "a: the archive holds this name twice"),
        ([link("a", "b"), member("a", b"")], "a: the archive holds this name twice"),
        ([member("a", b"1"), member("./a", b"2")], "a: the archive holds this name twice"),
        ([member("a", b"1"), member("a/b", b"2")], "a is both a file and a directory"),
        ([member("a", b"1"), member("a", kind=tarfile.DIRTYPE)], "a is both a file and a directory"),
        ([member("a", b"1"), member("b", kind=tarfile.LNKTYPE, target="a")], "b: the archive may hold"),
        ([member("a", kind=tarfile.FIFOTYPE)], "a: the archive may hold"),
        ([member("a", kind=tarfile.BLKTYPE)], "a: the archive may hold"),
        ([member("x" * 300, b"")], "File name too long"),
        ([member("x/" * (MAX_NAME_BYTES // 2) + "yy", b"")], "the name is longer than"),
        ([member("caf\udce9/../..", b"")], r"caf\\xe9/../..: the name leads out"),
    ],
)
def test_a_refusal_says_what_is_wrong(unpack: Callable[..., Path], members: list[Member], said: str) -> None:
    with pytest.raises(RepositoryRefusedError, match=said):
        unpack(packed(*members))


def test_links_inside_the_tree_directories_and_executables_are_kept(unpack: Callable[..., Path]) -> None:
    program, _ = script = member("bin/run.py", b"#!/usr/bin/env python\n")
    program.mode = 0o4755
    tree = unpack(
        packed(member("empty", kind=tarfile.DIRTYPE), script, link("docs/latest", "../bin"), link("gone", "x"))
    )
    assert (tree / "empty").is_dir()
    assert (tree / "docs/latest/run.py").read_bytes().startswith(b"#!")
    assert (tree / "gone").readlink() == Path("x")
    mode = stat.S_IMODE((tree / "bin/run.py").stat().st_mode)
    assert mode & 0o100
    assert not mode & (stat.S_ISUID | stat.S_IWOTH)


def test_undecodable_names_are_kept(unpack: Callable[..., Path]) -> None:
    for tar_format in (tarfile.GNU_FORMAT, tarfile.PAX_FORMAT):
        name = f"caf\udce9{tar_format}.py"
        try:
            tree = unpack(packed(member(name, b"1"), tar_format=tar_format))
        except RepositoryRefusedError as error:
            if "Illegal byte sequence" in str(error):
                pytest.skip("this file system allows UTF-8 names only")
            raise
        assert (tree / name).read_bytes() == b"1"


def test_limits_are_those_given_and_no_less(unpack: Callable[..., Path], tmp_path: Path) -> None:
    archive = packed(member("d/a", b"12"), member("d/b", b"34"))
    unpack(archive, max_bytes=4, max_files=3)
    assert (tmp_path / "tree/d/b").exists()


@pytest.mark.parametrize("limits", [{"max_bytes": 3}, {"max_files": 2}])
def test_more_than_the_limit_is_refused(unpack: Callable[..., Path], limits: dict[str, int]) -> None:
    with pytest.raises(RepositoryRefusedError, match="more than"):
        unpack(packed(member("d/a", b"12"), member("d/b", b"34")), **limits)


def test_one_directory_named_without_end_is_refused(unpack: Callable[..., Path]) -> None:
    with pytest.raises(RepositoryRefusedError, match="more than 10 files"):
        unpack(packed(*[member("d", kind=tarfile.DIRTYPE)] * 11), max_files=10)


def test_a_decompression_bomb_is_refused_before_it_is_written(unpack: Callable[..., Path], tmp_path: Path) -> None:
    bomb = packed(member("bomb", bytes(20_000_000)))
    assert len(bomb) < 100_000
    with pytest.raises(RepositoryRefusedError, match="more than 1000000 bytes"):
        unpack(bomb, max_bytes=1_000_000)
    assert sum(path.stat().st_size for path in (tmp_path / "tree").rglob("*")) == 0


@pytest.mark.parametrize("kind", [tarfile.XHDTYPE, tarfile.XGLTYPE, tarfile.GNUTYPE_LONGNAME])
def test_an_endless_header_is_refused_before_it_is_in_memory(unpack: Callable[..., Path], kind: bytes) -> None:
    header, content = member("header", bytes(30_000_000), kind=kind)
    with pytest.raises(RepositoryRefusedError, match="a header of more than"):
        unpack(packed((header, content), member("a", b"")))


def test_headers_nested_without_end_are_refused(unpack: Callable[..., Path]) -> None:
    with pytest.raises(RepositoryRefusedError, match="a header of more than"):
        unpack(packed(*[member("header", b"12 path=abc\n", kind=tarfile.XHDTYPE)] * 5000))


@pytest.mark.parametrize(
    "archive",
    [
        b"",
        b"no archive",
        gzip.compress(b"no archive either" * 100),
        packed(member("a", bytes(range(256)) * 500))[:-40],
        packed(member("a", b"x" * 1000))[:40] + b"\xff" * 60,
    ],
    ids=["empty", "no gzip", "no tar", "cut off", "overwritten"],
)
def test_a_damaged_archive_is_refused(unpack: Callable[..., Path], archive: bytes) -> None:
    with pytest.raises(RepositoryRefusedError, match="the archive is damaged"):
        unpack(archive)


@given(st.data())
@settings(max_examples=150, deadline=None)
def test_a_changed_byte_never_causes_another_error(data: st.DataObject) -> None:
    plain = bytearray(
        gzip.decompress(packed(member("a/b", b"x" * 600), link("c", "a/b"), tar_format=tarfile.PAX_FORMAT))
    )
    for _ in range(data.draw(st.integers(1, 6))):
        plain[data.draw(st.integers(0, 2047))] = data.draw(st.integers(0, 255))
    with tempfile.TemporaryDirectory() as place:
        tree, archive = Path(place) / "tree", Path(place) / "archive.tar.gz"
        tree.mkdir()
        archive.write_bytes(gzip.compress(plain, 1))
        with contextlib.suppress(RepositoryRefusedError):
            extract(archive, tree)
        assert sorted(path.name for path in Path(place).iterdir()) == ["archive.tar.gz", "tree"]
