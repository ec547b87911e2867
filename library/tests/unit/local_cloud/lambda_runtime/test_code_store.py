import hashlib
import io
import stat
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stepweave.local_cloud.lambda_runtime.code_store import UNZIPPED_BYTES, BadArchiveError, CodeStore, check_archive


def entry(name: str, mode: int) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name)
    info.external_attr = mode << 16
    return info


def archive(*entries: tuple[str | zipfile.ZipInfo, str]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file:
        for name, content in entries:
            file.writestr(name, content)
    return buffer.getvalue()


def extract(store: CodeStore, content: bytes) -> Path:
    digest = hashlib.sha256(content).hexdigest()
    store.put(content, digest)
    return store.directory(digest)


@pytest.fixture
def store(tmp_path: Path) -> CodeStore:
    return CodeStore(tmp_path / "store")


def test_what_was_packed_is_extracted(store: CodeStore) -> None:
    tree = extract(store, archive(("app.py", "x = 1"), ("package/inner.py", "y = 2")))
    files = {str(path.relative_to(tree)): path.read_text() for path in tree.rglob("*") if path.is_file()}
    assert files == {"app.py": "x = 1", "package/inner.py": "y = 2"}


def test_programs_stay_executable(store: CodeStore) -> None:
    tree = extract(store, archive((entry("bin/tool", stat.S_IFREG | 0o755), "#!"), ("plain", "")))
    assert (tree / "bin/tool").stat().st_mode & 0o111
    assert not (tree / "plain").stat().st_mode & 0o111


def test_no_archive_is_kept_beside_what_was_extracted(store: CodeStore, tmp_path: Path) -> None:
    extract(store, archive(("app.py", "")))
    assert list((tmp_path / "store").glob("*.zip")) == []


@given(
    parts=st.lists(st.sampled_from(["a", "b", ".."]), min_size=1, max_size=4).filter(lambda parts: ".." in parts),
    separator=st.sampled_from(["/", "\\"]),
)
def test_a_name_that_climbs_is_refused(parts: list[str], separator: str) -> None:
    with pytest.raises(BadArchiveError, match="outside"):
        check_archive(io.BytesIO(archive((separator.join(parts), ""))))


@pytest.mark.parametrize("name", ["/etc/passwd", "\\\\server\\share"])
def test_an_absolute_name_is_refused(store: CodeStore, tmp_path: Path, name: str) -> None:
    with pytest.raises(BadArchiveError, match="outside"):
        extract(store, archive((name, "")))
    assert list((tmp_path / "store").iterdir()) == []


def test_a_link_inside_is_made_and_one_to_the_outside_refused(store: CodeStore) -> None:
    link = stat.S_IFLNK | 0o777
    tree = extract(store, archive(("real.py", "x"), (entry("lib/link.py", link), "../real.py")))
    assert (tree / "lib/link.py").read_text() == "x"
    with pytest.raises(BadArchiveError, match="outside"):
        extract(store, archive((entry("link", link), "../../secret")))


def test_nothing_is_written_through_a_link(store: CodeStore, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    content = archive((entry("link", stat.S_IFLNK | 0o777), str(outside)), ("link/file", "x"))
    with pytest.raises(BadArchiveError):
        extract(store, content)
    assert list(outside.iterdir()) == []


def test_what_is_no_archive_is_refused_as_aws_does(store: CodeStore) -> None:
    with pytest.raises(BadArchiveError, match=r"^Could not unzip uploaded file\. Please check your file"):
        extract(store, b"not a zip")


def test_more_than_lambda_takes_is_refused_without_extracting_it() -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as file, file.open("zeros", "w") as zeros:
        for _ in range(UNZIPPED_BYTES // 2**20 + 1):
            zeros.write(bytes(2**20))
    with pytest.raises(BadArchiveError, match="Unzipped size must be smaller than 262144000 bytes"):
        check_archive(buffer)


def test_one_archive_asked_for_by_many_is_extracted_once(store: CodeStore) -> None:
    content = archive(*((f"f{number}", "x" * 100) for number in range(200)))
    digest = hashlib.sha256(content).hexdigest()
    store.put(content, digest)
    with ThreadPoolExecutor(8) as executor:
        trees = set(executor.map(lambda _: store.directory(digest), range(32)))
    assert len(trees) == 1
    assert len(list(trees.pop().iterdir())) == 200


def test_an_unknown_archive_is_told(store: CodeStore) -> None:
    with pytest.raises(KeyError):
        store.directory("0" * 64)
