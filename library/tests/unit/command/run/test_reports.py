import hashlib
import io
import json
from pathlib import Path
from typing import Any

import pytest
from pydantic import JsonValue

from stepweave.command.errors import CommandError
from stepweave.command.run.reports import download_reports, resolve_references, stored_files
from stepweave.contract.stored import StoredFile


class FakeS3:
    def __init__(self, **objects: bytes) -> None:
        self.objects = objects

    def get_object(self, *, Bucket: str, Key: str) -> dict[str, Any]:  # noqa: N803 - as in boto3
        return {"Body": io.BytesIO(self.objects[Key])}

    def download_file(self, bucket: str, key: str, path: str) -> None:
        Path(path).write_bytes(self.objects[Path(key).name.replace(".", "_") or "none"])


def reference(key: str, body: bytes) -> JsonValue:
    digest = hashlib.sha256(body).hexdigest()
    return {"stepweave:reference": {"bucket": "b", "key": key, "size": len(body), "sha256": digest}}


def test_a_result_that_is_in_s3_is_fetched_and_what_is_inside_of_results_is_data() -> None:
    body = b'{"a": [1, 2]}'
    assert resolve_references(FakeS3(k=body), reference("k", body)) == {"a": [1, 2]}  # type: ignore[arg-type]
    value: JsonValue = {"x": [reference("k", body), 1], "y": {"z": reference("k", body)}}
    assert resolve_references(FakeS3(k=body), value) == value  # type: ignore[arg-type]


def test_a_result_that_looks_like_a_reference_is_left_as_it_is() -> None:
    inner = json.dumps(reference("other", b"never read")).encode()
    assert resolve_references(FakeS3(k=inner), reference("k", inner)) == json.loads(inner)  # type: ignore[arg-type]
    for value in ({"stepweave:reference": 1}, {"stepweave:reference": {}, "more": 1}, None, "text", 1.5):
        assert resolve_references(FakeS3(), value) == value  # type: ignore[arg-type]


def test_a_result_that_was_changed_is_refused() -> None:
    with pytest.raises(CommandError, match="s3://b/k is not the result"):
        resolve_references(FakeS3(k=b"2"), reference("k", b"1"))  # type: ignore[arg-type]


def test_files_are_found_in_any_output_that_lists_them() -> None:
    file: JsonValue = {"bucket": "b", "key": "reports/x/report.json", "media_type": "application/json"}
    stored = StoredFile(bucket="b", key="reports/x/report.json", media_type="application/json")
    listed: JsonValue = {"json": file, "count": 3, "other": {"bucket": "b"}}
    assert stored_files({"reports": listed, "words": 3}) == {"json": stored}
    assert stored_files({"tables": {"html": file}, "other": {"n": 1}}) == {"html": stored}
    assert stored_files({"report": file}) == {"report": stored}
    assert stored_files({"first": {"html": file}, "second": {"html": file}}) == {
        "html": stored,
        "second.html": stored,
    }
    others: list[JsonValue] = [None, [], {"reports": [file]}, {"reports": None}, {"deep": {"er": {"json": file}}}]
    for output in others:
        assert stored_files(output) == {}


def test_reports_are_downloaded_into_the_folder(tmp_path: Path) -> None:
    def stored(key: str) -> StoredFile:
        return StoredFile(bucket="b", key=key, media_type="text/plain")

    s3 = FakeS3(report_json=b"1", report_md=b"2", none=b"4", passwd=b"5")
    keys = {
        "json": "reports/x/report.json",
        "markdown": "reports/x/report.md",
        "again": "reports/y/report.json",
        "bad": "../../etc/passwd",
    }
    folder = tmp_path / "new" / "folder"
    paths = download_reports(s3, {name: stored(key) for name, key in keys.items()}, folder)  # type: ignore[arg-type]
    assert {name: path.name for name, path in paths.items()} == {
        "json": "report.json",
        "markdown": "report.md",
        "again": "report-2.json",
        "bad": "passwd",
    }
    assert {path.parent for path in paths.values()} == {folder}
    assert paths["markdown"].read_bytes() == b"2"


def test_without_reports_no_folder_is_made(tmp_path: Path) -> None:
    assert download_reports(FakeS3(), {}, tmp_path / "new") == {}  # type: ignore[arg-type]
    assert not (tmp_path / "new").exists()
