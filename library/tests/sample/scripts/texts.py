"""Make a folder of texts ready for a workflow."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from lambdas.shared.texts import Texts
from stepweave import RefusedError

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client


@dataclass(frozen=True)
class PackedTexts:
    """A folder's text files, packed."""

    name: str
    body: bytes
    files: int
    notes: Sequence[str] = ()

    @property
    def description(self) -> str:
        """What was packed."""
        return f"packed {self.files} texts of {self.name}"

    def send(self, s3: "S3Client", bucket: str) -> Texts:
        """Put the object below ``texts/``."""
        key = f"texts/{hashlib.sha256(self.body).hexdigest()}.json"
        s3.put_object(Bucket=bucket, Key=key, Body=self.body)
        return Texts(bucket=bucket, key=key, name=self.name)


def prepare(word: str, _: Path) -> PackedTexts:
    """Pack the ``*.txt`` files of a folder."""
    folder = Path(word)
    if not folder.is_dir():
        raise RefusedError(f"{word}: no such directory")
    texts = {file.name: file.read_text(encoding="utf-8") for file in sorted(folder.glob("*.txt"))}
    if not texts:
        raise RefusedError(f"{word}: holds no file *.txt")
    return PackedTexts(folder.resolve().name, json.dumps(texts).encode(), len(texts))
