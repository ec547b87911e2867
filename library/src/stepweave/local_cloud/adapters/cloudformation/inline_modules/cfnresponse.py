# mypy: ignore-errors
# ruff: noqa: N803 - AWS's names
"""What CloudFormation puts beside inline code: answers the request of a custom resource.

It has the names and the behaviour of the module of this name on AWS; it runs inside a function.
"""

import json
import urllib.request

SUCCESS = "SUCCESS"
FAILED = "FAILED"


def send(  # noqa: PLR0913, PLR0917 - AWS's signature
    event,
    context,
    responseStatus,
    responseData,
    physicalResourceId=None,
    noEcho=False,
    reason=None,
):
    """Put the response where the event says."""
    stream = context.log_stream_name
    body = json.dumps(
        {
            "Status": responseStatus,
            "Reason": reason or f"See the details in CloudWatch Log Stream: {stream}",
            "PhysicalResourceId": physicalResourceId or stream,
            "StackId": event["StackId"],
            "RequestId": event["RequestId"],
            "LogicalResourceId": event["LogicalResourceId"],
            "NoEcho": noEcho,
            "Data": responseData,
        }
    )
    request = urllib.request.Request(  # noqa: S310 - CloudFormation's own URL
        event["ResponseURL"], data=body.encode(), headers={"Content-Type": ""}, method="PUT"
    )
    try:
        with urllib.request.urlopen(request, timeout=60) as response:  # noqa: S310
            print("Status code:", response.status)  # noqa: T201 - the function's log
    except OSError as error:
        print("send(..) failed executing the request:", error)  # noqa: T201
