"""Requests about buckets and objects are refused where S3 refuses them.

Upstream defects: a presigned URL never expires; a body is stored whatever checksum comes with it, and one that is sent
as a form's (as many HTTP clients do unless told otherwise) is stored empty; conditions on the source of a copy are
overlooked, but for one; a part or the end of an upload that does not exist is an internal error; and a bucket may have
any name.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
import zlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from urllib.parse import unquote

from moto.s3.exceptions import InvalidBucketName, NoSuchUpload, PreconditionFailed, S3ClientError
from moto.s3.models import S3Backend
from moto.s3.responses import S3Response

from stepweave.local_cloud.adapters.patch import replaced
from stepweave.local_cloud.adapters.step_functions import engine_time

_BUCKET: Final = re.compile(r"(?!\d+\.\d+\.\d+\.\d+$)[a-z0-9](?:[a-z0-9]|[.-](?![.-]))*[a-z0-9]")
_XML: Final = "<Error><Code>{code}</Code><Message>{message}</Message></Error>"
_CHECKSUMS: Final[dict[str, Callable[[bytes], bytes]]] = {
    "crc32": lambda body: zlib.crc32(body).to_bytes(4, "big"),
    "sha1": lambda body: hashlib.sha1(body, usedforsecurity=False).digest(),
    "sha256": lambda body: hashlib.sha256(body).digest(),
}


@contextmanager
def s3_request_checks() -> Iterator[None]:  # noqa: C901 - one function for each of upstream's
    """Refuse until the context ends."""
    upstream_key, upstream_setup = S3Response._key_response, S3Response.setup_class  # noqa: SLF001 - upstream's seam
    upstream_copy, upstream_put = S3Response.copy_object, S3Response.put_object
    upstream_create = S3Backend.create_bucket

    def key_response(self: Any, request: Any, full_url: str) -> Any:
        if _has_expired(request.args):
            return 403, {}, _XML.format(code="AccessDenied", message="Request has expired")
        return upstream_key(self, request, full_url)

    def setup_class(self: Any, request: Any, *arguments: Any, **options: Any) -> None:
        if request.method == "PUT":
            request.get_data()  # before it is taken for a form
        upstream_setup(self, request, *arguments, **options)

    def put_object(self: Any) -> Any:
        _check_body(self.headers, self.raw_body)
        return upstream_put(self)

    def copy_object(self: Any) -> Any:
        _check_source(self)
        return upstream_copy(self)

    def create_bucket(self: Any, bucket_name: str, *arguments: Any, **options: Any) -> Any:
        if not _BUCKET.fullmatch(bucket_name):
            raise InvalidBucketName
        return upstream_create(self, bucket_name, *arguments, **options)

    with ExitStack() as patches:
        patches.enter_context(replaced(S3Response, "_key_response", key_response))
        for replacement in (setup_class, put_object, copy_object):
            patches.enter_context(replaced(S3Response, replacement.__name__, replacement))
        patches.enter_context(replaced(S3Backend, "create_bucket", create_bucket))
        for name in ("complete_multipart_upload", "upload_part", "upload_part_copy"):
            patches.enter_context(replaced(S3Backend, name, _of_upload(getattr(S3Backend, name))))
        yield


def _of_upload(upstream: Callable[..., Any]) -> Callable[..., Any]:
    def upload(self: Any, bucket_name: str, multipart_id: str, *arguments: Any, **options: Any) -> Any:
        if multipart_id not in self.get_bucket(bucket_name).multiparts:
            raise NoSuchUpload(upload_id=multipart_id)
        return upstream(self, bucket_name, multipart_id, *arguments, **options)

    return upload


def _has_expired(query: Any) -> bool:
    """Tell whether a presigned URL is too old, in either version of signatures."""
    now = engine_time.now()
    try:
        if "X-Amz-Date" in query and "X-Amz-Expires" in query:
            signed = datetime.strptime(query["X-Amz-Date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
            return now > signed + timedelta(seconds=int(query["X-Amz-Expires"]))
        return "Signature" in query and "Expires" in query and now.timestamp() > int(query["Expires"])
    except (ValueError, OverflowError):
        return False


def _check_body(headers: Any, body: bytes) -> None:
    content = body if isinstance(body, bytes) else str(body).encode()
    if "aws-chunked" in headers.get("Content-Encoding", "") or headers.get("x-amz-decoded-content-length"):
        return  # what came is not the body itself
    md5 = headers.get("Content-MD5")
    if md5 is not None:
        digest = _decoded(md5)
        if len(digest) != 16:
            raise S3ClientError("InvalidDigest", "The Content-MD5 you specified was invalid.")
        if digest != hashlib.md5(content, usedforsecurity=False).digest():
            raise S3ClientError("BadDigest", "The Content-MD5 you specified did not match what we received.")
    for name, compute in _CHECKSUMS.items():
        given = headers.get(f"x-amz-checksum-{name}")
        if given is None:
            continue
        checksum = compute(content)
        if len(_decoded(given)) != len(checksum):
            raise S3ClientError("InvalidRequest", f"Value for x-amz-checksum-{name} header is invalid.")
        if _decoded(given) != checksum:
            message = f"The {name.upper()} you specified did not match the calculated checksum."
            raise S3ClientError("BadDigest", message)


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (ValueError, binascii.Error):
        return b""


def _check_source(response: Any) -> None:
    wanted = response.headers.get("x-amz-copy-source-if-match")
    if wanted is None:
        return
    path, _, query = str(response.headers["x-amz-copy-source"]).partition("?versionId=")
    bucket, _, key = unquote(path).lstrip("/").partition("/")
    source = response.backend.get_object(bucket, key, version_id=query or None)
    if source is not None and wanted.strip('"') != source.etag.strip('"'):
        raise PreconditionFailed(failed_condition="x-amz-copy-source-If-Match")
