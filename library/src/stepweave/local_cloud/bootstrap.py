"""What the CDK presumes in every account that it deploys to: a bucket for assets, and a version to look up.

``cdk bootstrap`` makes these by a stack. A small one of the same name, whose resources have the same logical ids, takes
its place here: who runs ``cdk bootstrap`` later on updates it, as one updates an older one on AWS.
"""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any, Final

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from stepweave.local_cloud.account import ACCOUNT_ID, REGION
from stepweave.local_cloud.errors import DeploymentError

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient

TOOLKIT_STACK: Final = "CDKToolkit"
BOOTSTRAP_VERSION: Final = "30"
"""No lower than what any release of the CDK asks for, and lower than what ``cdk bootstrap`` makes: it leaves a newer
stack alone."""

ASSET_BUCKET: Final = f"cdk-hnb659fds-assets-{ACCOUNT_ID}-{REGION}"
VERSION_PARAMETER: Final = "/cdk-bootstrap/hnb659fds/version"
_POLL_SECONDS: Final = 0.05

_TEMPLATE: Final[dict[str, Any]] = {
    "Description": "What deployments into the local cloud need; `cdk bootstrap` adds the rest",
    "Resources": {
        "StagingBucket": {
            "Type": "AWS::S3::Bucket",
            "Properties": {"BucketName": ASSET_BUCKET},
            "DeletionPolicy": "Retain",
        },
        "CdkBootstrapVersion": {
            "Type": "AWS::SSM::Parameter",
            "Properties": {"Type": "String", "Name": VERSION_PARAMETER, "Value": BOOTSTRAP_VERSION},
        },
    },
    "Outputs": {
        "BucketName": {"Value": {"Ref": "StagingBucket"}},
        "BucketDomainName": {"Value": {"Fn::GetAtt": ["StagingBucket", "RegionalDomainName"]}},
        "BootstrapVersion": {"Value": BOOTSTRAP_VERSION},
    },
}


def ensure_bootstrapped(session: boto3.Session) -> None:
    """Make the bootstrap stack, unless it is there, or what it would make is there without it.

    Raises
    ------
    DeploymentError
        If it cannot be made.
    """
    try:
        status = "CREATE_COMPLETE" if _exists(session) else _create(session)
    except (ClientError, BotoCoreError) as error:
        raise DeploymentError(f"stack {TOOLKIT_STACK} could not be deployed: {error}") from error
    if status != "CREATE_COMPLETE":
        raise DeploymentError(f"stack {TOOLKIT_STACK}, which makes the bucket for assets, is {status}")


def ensure_version(session: boto3.Session, parameter: str) -> None:
    """Make sure that the parameter exists in which templates look for the version of the bootstrap stack."""
    ssm = session.client("ssm")
    try:
        ssm.get_parameter(Name=parameter)
    except ssm.exceptions.ParameterNotFound:
        ssm.put_parameter(Name=parameter, Value=BOOTSTRAP_VERSION, Type="String")


def _exists(session: boto3.Session) -> bool:
    """Tell whether the bucket or the parameter exists: there may be one without the other in a state that was kept."""
    if any(bucket["Name"] == ASSET_BUCKET for bucket in session.client("s3").list_buckets()["Buckets"]):
        return True
    return bool(session.client("ssm").get_parameters(Names=[VERSION_PARAMETER])["Parameters"])


def _create(session: boto3.Session) -> str:
    client: CloudFormationClient = session.client("cloudformation")
    client.create_stack(StackName=TOOLKIT_STACK, TemplateBody=json.dumps(_TEMPLATE))
    while (status := client.describe_stacks(StackName=TOOLKIT_STACK)["Stacks"][0]["StackStatus"]).endswith("PROGRESS"):
        time.sleep(_POLL_SECONDS)
    return status
