"""Functions that tests write, in a local cloud."""

import io
import json
import sys
import zipfile
from typing import Any, cast

from stepweave.local_client.process import LocalCloudProcess

ROLE = "arn:aws:iam::123456789012:role/test"


def create_role(cloud: LocalCloudProcess) -> None:
    """Create the role that functions and state machines of tests have."""
    trust = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    cloud.session().client("iam").create_role(RoleName="test", AssumeRolePolicyDocument=policy)


def create_function(cloud: LocalCloudProcess, name: str, code: str) -> str:
    """Create a function whose handler is `handler` in some code, and return its ARN."""
    zipped = io.BytesIO()
    with zipfile.ZipFile(zipped, "w") as archive:
        archive.writestr("app.py", code)
    made = (
        cloud.session()
        .client("lambda")
        .create_function(
            FunctionName=name,
            Runtime=cast("Any", f"python{sys.version_info.major}.{sys.version_info.minor}"),
            Handler="app.handler",
            Role=ROLE,
            Timeout=10,
            Code={"ZipFile": zipped.getvalue()},
        )
    )
    return made["FunctionArn"]
