"""Empty the services of a local cloud: the data goes, the resources stay."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from stepweave.local_cloud.account import ACCOUNT_ID, REGION

_BATCH: Final = 25
_ASSETS: Final = "cdk-"
"""How the CDK's own buckets begin: what is deployed comes from there."""


def empty_services(client: Callable[[str], Any]) -> None:
    """Delete all items of tables, messages of queues and objects of buckets.

    Parameters
    ----------
    client : Callable[[str], Any]
        Returns the boto3 client of a service.
    """
    dynamodb = client("dynamodb")
    for page in dynamodb.get_paginator("list_tables").paginate():
        for table in page["TableNames"]:
            _empty_table(dynamodb, table)
    _empty_queues()
    s3 = client("s3")
    for bucket in s3.list_buckets()["Buckets"]:
        if not bucket["Name"].startswith(_ASSETS):
            _empty_bucket(s3, bucket["Name"])


def _empty_queues() -> None:
    from moto.sqs.models import sqs_backends  # noqa: PLC0415 - takes a second

    queues = sqs_backends[ACCOUNT_ID][REGION]
    for name, queue in queues.queues.items():
        queue.last_purged_at = None  # by the API a queue can be purged once a minute
        queues.purge_queue(name)


def _empty_table(dynamodb: Any, table: str) -> None:
    names = [key["AttributeName"] for key in dynamodb.describe_table(TableName=table)["Table"]["KeySchema"]]
    for page in dynamodb.get_paginator("scan").paginate(TableName=table):
        keys = [{name: item[name] for name in names} for item in page["Items"]]
        for start in range(0, len(keys), _BATCH):
            requests = [{"DeleteRequest": {"Key": key}} for key in keys[start : start + _BATCH]]
            dynamodb.batch_write_item(RequestItems={table: requests})


def _empty_bucket(s3: Any, bucket: str) -> None:
    for page in s3.get_paginator("list_object_versions").paginate(Bucket=bucket):
        versions = [*page.get("Versions", ()), *page.get("DeleteMarkers", ())]
        if versions:
            objects = [{"Key": each["Key"], "VersionId": each["VersionId"]} for each in versions]
            s3.delete_objects(Bucket=bucket, Delete={"Objects": objects, "Quiet": True})
