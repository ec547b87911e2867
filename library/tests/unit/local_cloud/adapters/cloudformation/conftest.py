"""What templates refer to."""

import io
import zipfile
from collections.abc import Callable
from typing import Any

import pytest

Client = Callable[[str], Any]


@pytest.fixture
def code(client: Client) -> None:
    """A function's code, where a template of the CDK has it."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as bundle:
        bundle.writestr("index.py", "def handler(event, context): return 1")
    client("s3").create_bucket(Bucket="code")
    for name in ("f.zip", "l.zip"):
        client("s3").put_object(Bucket="code", Key=name, Body=archive.getvalue())
