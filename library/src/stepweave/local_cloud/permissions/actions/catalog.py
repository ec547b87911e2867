"""All services, by the names that boto3 gives them."""

from __future__ import annotations

from typing import Final

from stepweave.local_cloud.permissions.actions.compute import LAMBDA, SCHEDULER, STATES
from stepweave.local_cloud.permissions.actions.dynamodb import DYNAMODB, DYNAMODB_STREAMS
from stepweave.local_cloud.permissions.actions.messaging import EVENTS, SNS, SQS
from stepweave.local_cloud.permissions.actions.operations import CLOUDFORMATION, CLOUDWATCH, LOGS, SSM, XRAY
from stepweave.local_cloud.permissions.actions.security import IAM, KMS, SECRETS_MANAGER, STS
from stepweave.local_cloud.permissions.actions.storage import S3
from stepweave.local_cloud.permissions.actions.table import Access, Call, ServiceTable

SERVICES: Final[dict[str, ServiceTable]] = {
    "cloudformation": CLOUDFORMATION,
    "cloudwatch": CLOUDWATCH,
    "dynamodb": DYNAMODB,
    "dynamodbstreams": DYNAMODB_STREAMS,
    "events": EVENTS,
    "iam": IAM,
    "kms": KMS,
    "lambda": LAMBDA,
    "logs": LOGS,
    "s3": S3,
    "scheduler": SCHEDULER,
    "secretsmanager": SECRETS_MANAGER,
    "sns": SNS,
    "sqs": SQS,
    "ssm": SSM,
    "stepfunctions": STATES,
    "sts": STS,
    "xray": XRAY,
}


def accesses(call: Call) -> list[Access]:
    """Return what a call needs; of a service that is not described here the action alone, on whatever resource."""
    service = SERVICES.get(call.service)
    if service is None:
        return [Access(f"{call.service}:{call.operation}", None)]
    return service.accesses(call)
