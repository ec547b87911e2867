"""Bucket policies whose statements have conditions."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from stepweave.local_cloud.adapters.s3.bucket_policies import bucket_policies

Client = Callable[[str], Any]


def test_conditional_denials_do_not_close_a_bucket(client: Client) -> None:
    s3 = client("s3")
    s3.create_bucket(Bucket="bucket")
    denial = {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "arn:aws:s3:::bucket/*"}
    conditional = denial | {"Condition": {"Bool": {"aws:SecureTransport": "false"}}}
    s3.put_bucket_policy(Bucket="bucket", Policy=json.dumps({"Version": "2012-10-17", "Statement": [conditional]}))
    with pytest.raises(ClientError, match="403"):
        s3.head_object(Bucket="bucket", Key="k")
    with bucket_policies():
        s3.put_object(Bucket="bucket", Key="k", Body=b"x")
        assert s3.get_object(Bucket="bucket", Key="k")["Body"].read() == b"x"
        assert json.loads(s3.get_bucket_policy(Bucket="bucket")["Policy"])["Statement"] == [conditional]
