"""Inputs that are made of one word, by functions of a project."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import pytest
from pydantic import BaseModel, JsonValue

from stepweave.command.errors import CommandError
from stepweave.command.run.prepared import WordInput
from stepweave.contract.argument import Argument
from stepweave.contract.refusal import RefusedError
from stepweave.language.inputs import InputField
from stepweave.language.workflow import Workflow

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client


class Folder(BaseModel):
    argument: ClassVar[Argument] = Argument(f"{__name__}:prepare")
    key: str


class Other(BaseModel):
    key: str


@dataclass(frozen=True)
class Made:
    sent: BaseModel
    description: str = "made"
    notes: Sequence[str] = ()

    def send(self, s3: S3Client, bucket: str) -> BaseModel:
        s3.put_object(Bucket=bucket, Key="k", Body=b"")
        return self.sent


def prepare(word: str, folder: Path) -> Made:
    if not word:
        raise RefusedError("the word is empty")
    (folder / "scratch").write_text(word)
    return Made(Other(key=word) if word == "wrong" else Folder(key=word))


class FakeS3:
    def __init__(self) -> None:
        self.keys: list[tuple[str, str]] = []

    def put_object(self, *, Bucket: str, Key: str, Body: bytes) -> None:  # noqa: N803 - as in boto3
        self.keys.append((Bucket, Key))


def word_of(word: str, annotation: object = Folder) -> WordInput:
    found = WordInput.of(InputField("folder", annotation), word)
    assert found is not None
    return found


def test_nothing_is_sent_before_it_is_known_where_to(tmp_path: Path) -> None:
    s3: Any = FakeS3()
    word = word_of("here")
    made = word.prepare(tmp_path)
    assert (tmp_path / "scratch").read_text() == "here"
    assert s3.keys == []
    sent: JsonValue = word.send(made, s3, "payloads")
    assert (sent, s3.keys) == ({"key": "here"}, [("payloads", "k")])


def test_what_is_refused_is_told_as_it_is(tmp_path: Path) -> None:
    with pytest.raises(RefusedError, match="the word is empty"):
        word_of("").prepare(tmp_path)


def test_what_is_not_of_the_inputs_type_is_not_sent_on(tmp_path: Path) -> None:
    word = word_of("wrong")
    s3: Any = FakeS3()
    with pytest.raises(CommandError, match=r"input 'folder': .*prepare made a Other"):
        word.send(word.prepare(tmp_path), s3, "payloads")


@pytest.mark.parametrize("name", ["no.such.module:prepare", f"{__name__}:nothing"])
def test_a_function_that_is_not_there_is_named(name: str, tmp_path: Path) -> None:
    class Lost(BaseModel):
        argument: ClassVar[Argument] = Argument(name)

    with pytest.raises(CommandError, match=f"input 'folder' is prepared by {name}, which cannot be imported"):
        word_of("x", Lost).prepare(tmp_path)


def test_other_inputs_are_not_made_of_a_word() -> None:
    def function(number: int, folders: list[Folder]) -> None: ...

    for field in Workflow(function, timedelta(minutes=1)).inputs:
        assert WordInput.of(field, "3") is None
