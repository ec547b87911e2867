"""Requests that S3 refuses, and bodies that come as a form's."""

import base64
import io
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from botocore.exceptions import ClientError

from stepweave.local_cloud.adapters.s3.request_checks import s3_request_checks
from stepweave.local_cloud.adapters.step_functions.engine_clients import InProcessClients
from stepweave.local_cloud.server import WsgiApplication, call_application

WRONG = base64.b64encode(b"x" * 16).decode()


@pytest.fixture
def s3(application: WsgiApplication) -> Iterator[Any]:
    client: Any = InProcessClients(application, "http://localhost").client("us-east-1", "s3")
    with s3_request_checks():
        client.create_bucket(Bucket="bucket")
        client.put_object(Bucket="bucket", Key="k", Body=b"content")
        yield client


def test_what_aws_refuses_is_refused(s3: Any) -> None:
    at = {"Bucket": "bucket", "Key": "k"}
    refused: list[tuple[str, dict[str, Any], str]] = [
        ("create_bucket", {"Bucket": "Bad_Name"}, "InvalidBucketName"),
        ("create_bucket", {"Bucket": "10.0.0.1"}, "InvalidBucketName"),
        ("put_object", {**at, "Body": b"x", "ContentMD5": "AAAA"}, "InvalidDigest"),
        ("put_object", {**at, "Body": b"x", "ContentMD5": WRONG}, "BadDigest"),
        ("copy_object", {**at, "CopySource": "bucket/k", "CopySourceIfMatch": '"x"'}, "PreconditionFailed"),
        ("upload_part", {**at, "UploadId": "none", "PartNumber": 1, "Body": b"x"}, "NoSuchUpload"),
        ("complete_multipart_upload", {**at, "UploadId": "none", "MultipartUpload": {}}, "NoSuchUpload"),
    ]
    for operation, request, code in refused:
        with pytest.raises(ClientError) as raised:
            getattr(s3, operation)(**request)
        assert raised.value.response["Error"]["Code"] == code, request


def fetch(application: WsgiApplication, url: str, method: str = "GET", body: bytes = b"") -> tuple[str, bytes]:
    parts = urlsplit(url)
    environ = {
        "REQUEST_METHOD": method,
        "PATH_INFO": parts.path,
        "QUERY_STRING": parts.query,
        "RAW_URI": f"{parts.path}?{parts.query}",
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "80",
        "HTTP_HOST": "localhost",
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(body),
        "CONTENT_LENGTH": str(len(body)),
        "CONTENT_TYPE": "application/x-www-form-urlencoded" if body else "",
    }
    status, _, content = call_application(application, environ)
    return status, content


def test_a_presigned_url_expires(s3: Any, application: WsgiApplication) -> None:
    at = {"Bucket": "bucket", "Key": "k"}
    assert fetch(application, s3.generate_presigned_url("get_object", Params=at, ExpiresIn=60)) == (
        "200 OK",
        b"content",
    )
    status, content = fetch(application, s3.generate_presigned_url("get_object", Params=at, ExpiresIn=-1))
    assert status.startswith("403")
    assert b"Request has expired" in content


def test_a_body_that_comes_as_a_form_is_kept(s3: Any, application: WsgiApplication) -> None:
    at = {"Bucket": "bucket", "Key": "form"}
    fetch(application, s3.generate_presigned_url("put_object", Params=at, ExpiresIn=60), "PUT", b"data")
    assert s3.get_object(**at)["Body"].read() == b"data"


def test_upstream_still_takes_any_name(application: WsgiApplication) -> None:
    bare: Any = InProcessClients(application, "http://localhost").client("us-east-1", "s3")
    bare.create_bucket(Bucket="Bad_Name")
