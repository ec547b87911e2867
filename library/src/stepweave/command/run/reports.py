"""Bring what an execution left in S3 to where the person is."""

import hashlib
import json
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from pydantic import JsonValue, ValidationError

from stepweave.command.errors import EXIT_FAILED, CommandError
from stepweave.command.terminal.file_writing import writing
from stepweave.contract.reference import REFERENCE_KEY, ResultReference
from stepweave.contract.stored import StoredFile

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client


def resolve_references(s3: "S3Client", value: JsonValue) -> JsonValue:
    """Return a result, from S3 if it is there: what is inside of a result is data, whatever it looks like.

    Raises
    ------
    CommandError
        If what S3 holds is not what the reference says.
    """
    if isinstance(value, dict):
        reference = _reference(value)
        if reference is not None:
            return _fetch(s3, reference)
    return value


def stored_files(output: JsonValue) -> dict[str, StoredFile]:
    """Return the files that an output lists by name: itself, or in a mapping that is one of its fields.

    Where two mappings give the same name, the later one's is that of its field and the name: ``tables.html``.
    """
    fields = output if isinstance(output, dict) else {}
    files = _files(fields)
    for field, value in fields.items():
        listed = _files(value) if isinstance(value, dict) else {}
        files |= {f"{field}.{name}" if name in files else name: file for name, file in listed.items()}
    return files


def _files(listed: Mapping[str, JsonValue]) -> dict[str, StoredFile]:
    files: dict[str, StoredFile] = {}
    for name, value in listed.items():
        with suppress(ValidationError):  # something else
            files[name] = StoredFile.model_validate(value)
    return files


def download_reports(s3: "S3Client", files: Mapping[str, StoredFile], folder: Path) -> dict[str, Path]:
    """Download files into a folder, which is made, and return where each is.

    Parameters
    ----------
    s3 : S3Client
        Where they are.
    files : Mapping[str, StoredFile]
        What to download, by name.
    folder : Path
        Where to put them. A file there of the same name is replaced.

    Raises
    ------
    CommandError
        If one cannot be written.
    """
    paths: dict[str, Path] = {}
    for name, file in files.items():
        path = folder / _file_name(file.key, {taken.name for taken in paths.values()})
        with writing(path):
            folder.mkdir(parents=True, exist_ok=True)
            s3.download_file(file.bucket, file.key, str(path))
        paths[name] = path
    return paths


def _file_name(key: str, taken: set[str]) -> str:
    # The last part of the key only: a key such as ../../x must not lead out of the folder.
    name = PurePosixPath(key).name
    if name in {"", "..", "."}:
        name = "report"
    stem, suffix, number = PurePosixPath(name).stem, PurePosixPath(name).suffix, 2
    while name in taken:
        name, number = f"{stem}-{number}{suffix}", number + 1
    return name


def _reference(value: Mapping[str, JsonValue]) -> ResultReference | None:
    if set(value) != {REFERENCE_KEY}:
        return None
    try:
        return ResultReference.model_validate(value[REFERENCE_KEY])
    except ValidationError:
        return None


def _fetch(s3: "S3Client", reference: ResultReference) -> JsonValue:
    body = s3.get_object(Bucket=reference.bucket, Key=reference.key)["Body"].read()
    if hashlib.sha256(body).hexdigest() != reference.sha256:
        raise CommandError(
            f"s3://{reference.bucket}/{reference.key} is not the result that the execution stored",
            "it was changed since; run the workflow again",
            EXIT_FAILED,
        )
    value: JsonValue = json.loads(body)
    return value
