"""Parts of an upload that is not there are refused as S3 does.

Upstream defect: ``CompleteMultipartUpload`` of an upload that is unknown, or was completed before, is an error of S3.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from moto.s3.exceptions import NoSuchUpload
from moto.s3.models import S3Backend

from stepweave.local_cloud.adapters.patch import replaced


@contextmanager
def unknown_uploads() -> Iterator[None]:
    """Answer ``NoSuchUpload``."""
    upstream = S3Backend.complete_multipart_upload

    def complete(self: Any, bucket_name: str, multipart_id: str, body: Any) -> Any:
        if multipart_id not in self.get_bucket(bucket_name).multiparts:
            raise NoSuchUpload(upload_id=multipart_id)
        return upstream(self, bucket_name, multipart_id, body)

    with replaced(S3Backend, "complete_multipart_upload", complete):
        yield
