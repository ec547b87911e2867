"""What the CDK presumes of an account is there when something is deployed."""

from typing import Any

import pytest

from stepweave.local_cloud.bootstrap import ASSET_BUCKET, BOOTSTRAP_VERSION, TOOLKIT_STACK, VERSION_PARAMETER
from stepweave.local_cloud.cloud import LocalCloud

from .conftest import WriteAssembly

CODE = {"code": "def handler(event, context):\n    return event\n"}
TOPIC: dict[str, Any] = {"Resources": {"T": {"Type": "AWS::SNS::Topic"}}}


def stacks(cloud: LocalCloud) -> dict[str, dict[str, Any]]:
    found = cloud.session().client("cloudformation").describe_stacks()["Stacks"]
    return {stack["StackName"]: dict(stack) for stack in found}


def version(cloud: LocalCloud) -> str:
    return str(cloud.session().client("ssm").get_parameter(Name=VERSION_PARAMETER)["Parameter"]["Value"])


def assets(cloud: LocalCloud) -> int:
    return len(cloud.session().client("s3").list_objects_v2(Bucket=ASSET_BUCKET).get("Contents", []))


def test_the_first_deployment_makes_the_bootstrap_stack_and_others_use_it(
    cloud: LocalCloud, write_assembly: WriteAssembly
) -> None:
    cloud.deploy(write_assembly({"First": TOPIC}, CODE))
    toolkit = stacks(cloud)[TOOLKIT_STACK]
    outputs = {output["OutputKey"]: output["OutputValue"] for output in toolkit["Outputs"]}
    assert (outputs["BucketName"], outputs["BootstrapVersion"]) == (ASSET_BUCKET, BOOTSTRAP_VERSION)
    assert outputs["BucketDomainName"].startswith(ASSET_BUCKET)
    assert version(cloud) == BOOTSTRAP_VERSION
    assert assets(cloud) == 1
    cloud.deploy(write_assembly({"Second": TOPIC}, {"code": CODE["code"] + "# changed\n"}))
    assert stacks(cloud)[TOOLKIT_STACK]["StackId"] == toolkit["StackId"]
    assert assets(cloud) == 2


@pytest.fixture
def fresh(cloud: LocalCloud) -> LocalCloud:
    """The local cloud, with nothing of the bootstrap in it."""
    session = cloud.session()
    session.client("cloudformation").delete_stack(StackName=TOOLKIT_STACK)
    s3 = session.client("s3")
    if any(bucket["Name"] == ASSET_BUCKET for bucket in s3.list_buckets()["Buckets"]):
        for item in s3.list_objects_v2(Bucket=ASSET_BUCKET).get("Contents", []):
            s3.delete_object(Bucket=ASSET_BUCKET, Key=item["Key"])
        s3.delete_bucket(Bucket=ASSET_BUCKET)
    return cloud


def test_a_bucket_that_is_there_without_the_stack_is_used(fresh: LocalCloud, write_assembly: WriteAssembly) -> None:
    fresh.session().client("s3").create_bucket(Bucket=ASSET_BUCKET)
    fresh.deploy(write_assembly({"Third": TOPIC}, CODE))
    assert TOOLKIT_STACK not in stacks(fresh)
    assert version(fresh) == BOOTSTRAP_VERSION
    assert assets(fresh) == 1
