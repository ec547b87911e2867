import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdas.shared.repository.files import display_name, python_files


def test_python_files_are_listed_in_the_order_of_their_bytes(tmp_path: Path) -> None:
    names = [
        b"b.py",
        b"B.py",
        b"a/z.py",
        b"a.py",
        b"a/b/c.py",
        "é.py".encode(),
        b"no.txt",
        b"stub.pyi",
        b".hidden/x.py",
    ]
    for name in names:
        file = tmp_path / os.fsdecode(name)
        file.parent.mkdir(exist_ok=True, parents=True)
        file.write_text("")
    (tmp_path / "link.py").symlink_to("a.py")
    (tmp_path / "linked").symlink_to("a")
    (tmp_path / "directory.py").mkdir()
    listed = [os.fsencode(file.relative_to(tmp_path)) for file in python_files(tmp_path)]
    assert listed == sorted(name for name in names if name.endswith(b".py"))
    both = python_files(tmp_path, (".py", ".pyi"))
    assert tmp_path / "stub.pyi" in both


names = st.lists(
    st.sampled_from([b"a", b"\\", b"x", b"u", b"e9", b"d8", b"00", b"\xe9", b"\xc3\xa9", b"/"]), max_size=8
).map(b"".join)


@given(st.binary() | names)
def test_any_name_is_shown_as_valid_unicode(name: bytes) -> None:
    shown = display_name(name.decode("utf-8", "surrogateescape"))
    shown.encode()
    try:
        assert shown == name.decode() or "\\" in name.decode()
    except UnicodeDecodeError:
        assert r"\x" in shown


@given(names, names)
def test_two_names_are_never_shown_alike(one: bytes, other: bytes) -> None:
    shown = [display_name(name.decode("utf-8", "surrogateescape")) for name in (one, other)]
    assert (shown[0] == shown[1]) == (one == other)


def test_half_a_surrogate_pair_can_be_shown() -> None:
    assert display_name("\ud800") == r"\ud800"


def test_an_undecodable_byte_is_shown_in_hexadecimal() -> None:
    assert display_name(Path("d") / "caf\udce9.py") == r"d/caf\xe9.py"


def test_an_undecodable_name_is_listed(tmp_path: Path) -> None:
    try:
        (tmp_path / "caf\udce9.py").write_text("")
    except OSError:
        pytest.skip("this file system allows UTF-8 names only")
    assert [display_name(file.name) for file in python_files(tmp_path)] == [r"caf\xe9.py"]
