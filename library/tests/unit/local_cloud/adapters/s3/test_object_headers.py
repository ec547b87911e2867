from stepweave.local_cloud.adapters.s3.object_headers import object_headers
from tests.unit.local_cloud.adapters.conftest import Client

SAID = {"ServerSideEncryption": "AES256", "ChecksumType": "FULL_OBJECT"}


def test_every_object_is_encrypted_and_has_a_whole_checksum(client: Client) -> None:
    s3 = client("s3")
    s3.create_bucket(Bucket="bucket")
    assert not SAID.keys() & s3.put_object(Bucket="bucket", Key="k", Body=b"b").keys()  # upstream
    with object_headers():
        put = s3.put_object(Bucket="bucket", Key="k", Body=b"b")
        read = s3.get_object(Bucket="bucket", Key="k", ChecksumMode="ENABLED")
        kms = s3.put_object(Bucket="bucket", Key="e", Body=b"b", ServerSideEncryption="aws:kms")
    assert SAID.items() <= put.items()
    assert SAID.items() <= read.items()
    assert kms["ServerSideEncryption"] == "aws:kms"
