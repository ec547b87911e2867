import pytest
from botocore.exceptions import ClientError

from stepweave.local_cloud.adapters.s3.unknown_uploads import unknown_uploads
from tests.unit.local_cloud.adapters.conftest import Client


def complete(client: Client) -> None:
    s3 = client("s3")
    s3.create_bucket(Bucket="bucket")
    parts = {"Parts": [{"PartNumber": 1, "ETag": "x"}]}
    s3.complete_multipart_upload(Bucket="bucket", Key="key", UploadId="none", MultipartUpload=parts)


def test_it_is_refused_as_s3_does(client: Client) -> None:
    with unknown_uploads(), pytest.raises(ClientError, match="NoSuchUpload"):
        complete(client)


def test_upstream_still_fails(client: Client) -> None:
    with pytest.raises(ClientError, match="500"):
        complete(client)
