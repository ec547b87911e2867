"""CloudWatch, CloudWatch Logs, X-Ray, Systems Manager and CloudFormation."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from stepweave.local_cloud.permissions.actions.table import NO_RESOURCE, Access, Call, ServiceTable, some, use_of_key


def _log_stream(call: Call) -> str:
    """A log group, too, is to IAM one with a stream, whose name may be empty."""
    group = call.text("logGroupName") or call.text("logGroupIdentifier") or call.text("logGroupNamePrefix")
    group = group.removesuffix(":*").rpartition(":log-group:")[2]
    if arn := call.text("resourceArn"):
        return f"{arn.removesuffix(':*')}:log-stream:"
    return call.arn("logs", f"log-group:{group}:log-stream:{call.text('logStreamName')}")


def _query(call: Call) -> Iterator[Access]:
    names = call.parameters.get("logGroupNames") or call.parameters.get("logGroupIdentifiers") or ()
    for name in names or (call.text("logGroupName"),):
        group = str(name).removesuffix(":*").rpartition(":log-group:")[2]
        yield Access("logs:StartQuery", call.arn("logs", f"log-group:{group}:log-stream:"))


LOGS: Final = ServiceTable(
    "logs",
    _log_stream,
    without_resource=frozenset(
        {
            "CreateLogDelivery",
            "DeleteLogDelivery",
            "DeleteResourcePolicy",
            "DescribeQueries",
            "DescribeQueryDefinitions",
            "DescribeResourcePolicies",
            "GetLogDelivery",
            "GetQueryResults",
            "ListLogDeliveries",
            "PutResourcePolicy",
            "StopQuery",
            "UpdateLogDelivery",
        }
    ),
    special={"StartQuery": _query},
)

CLOUDWATCH: Final = ServiceTable(
    "cloudwatch",
    lambda call: call.arn("cloudwatch", f"alarm:{call.text('AlarmName')}") if call.text("AlarmName") else NO_RESOURCE,
    keys=lambda call: some(cloudwatch__namespace=call.text("Namespace")),
)

XRAY: Final = ServiceTable("xray", lambda _: NO_RESOURCE)


def _parameter(call: Call, name: str = "") -> str:
    name = name or call.text("Name") or call.text("Path") or call.text("ResourceId")
    return name if name.startswith("arn:") else call.arn("ssm", f"parameter/{name.lstrip('/')}")


def _parameters(call: Call) -> Iterator[Access]:
    names = call.parameters.get("Names") or [call.text("Name")]
    for name in names:
        arn = _parameter(call, name.partition(":")[0] if not name.startswith("arn:") else name)
        yield Access(f"ssm:{call.operation}", arn)
        if call.parameters.get("WithDecryption"):
            yield from use_of_key(call, call.stored.encryption_key(arn), "Decrypt", context={"PARAMETER_ARN": arn})


SSM: Final = ServiceTable(
    "ssm",
    _parameter,
    without_resource=frozenset({"DescribeParameters"}),
    special={"GetParameter": _parameters, "GetParameters": _parameters},
    keys=lambda call: (
        some(ssm__overwrite=str(bool(call.parameters.get("Overwrite"))).lower())
        if call.operation == "PutParameter"
        else some(ssm__recursive=str(bool(call.parameters.get("Recursive"))).lower())
    ),
)


def _stack(call: Call) -> str:
    name = call.text("StackName")
    return name if name.startswith("arn:") else call.arn("cloudformation", f"stack/{name}/*") if name else NO_RESOURCE


CLOUDFORMATION: Final = ServiceTable("cloudformation", _stack)
