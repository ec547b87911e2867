import json
import os
import subprocess
import sys
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


@pytest.mark.parametrize(
    "environment",
    [
        {"LANG": "C"},
        {"LC_ALL": "C"},
        {"LC_ALL": "POSIX"},
        {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
    ],
    ids=str,
)
def test_names_are_the_same_in_every_locale(tmp_path: Path, environment: dict[str, str]) -> None:
    repository = tmp_path / "bücher"
    repository.mkdir()
    (repository / "größe.py").write_text("import os\n")
    for command in (["init", "--quiet"], ["add", "--all"]):
        subprocess.run(["git", *command], cwd=repository, check=True)
    done = subprocess.run(
        [sys.executable, "-c", _REVIEW, str(repository), str(tmp_path)],
        env={"PATH": os.environ["PATH"], **environment},
        capture_output=True,
        check=True,
    )
    assert json.loads(done.stdout) == {"name": "bücher", "lint": ["größe.py"], "scan": 1}


_REVIEW = """
import json, sys
from pathlib import Path
from lambdas.linter.lint import lint
from lambdas.shared.repository.extract import extract
from lambdas.security_scanner.scan import scan
from scripts.repository.archive import archive_repository
source, place = sys.argv[1:]
archive = archive_repository(source, Path(place))
tree = Path(place) / "tree"
tree.mkdir()
extract(archive.path, tree)
paths = sorted({finding.path for finding in lint(tree).findings})
print(json.dumps({"name": archive.name, "lint": paths, "scan": scan(tree).files}))
"""


def test_an_undecodable_byte_is_shown_in_hexadecimal() -> None:
    assert display_name(Path("d") / "caf\udce9.py") == r"d/caf\xe9.py"


def test_an_undecodable_name_is_listed(tmp_path: Path) -> None:
    try:
        (tmp_path / "caf\udce9.py").write_text("")
    except OSError:
        pytest.skip("this file system allows UTF-8 names only")
    assert [display_name(file.name) for file in python_files(tmp_path)] == [r"caf\xe9.py"]
