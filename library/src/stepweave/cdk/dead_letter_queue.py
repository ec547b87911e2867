"""A queue for what failed."""

from typing import cast

import aws_cdk as cdk
from aws_cdk import aws_kms as kms
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from stepweave.cdk.settings import Settings


class DeadLetterQueue(sqs.Queue):
    """A queue that keeps what failed for as long as SQS keeps anything, encrypted, and takes it by TLS only.

    Executions can be redriven for as long.

    Parameters
    ----------
    settings : Settings
        What was chosen about the deployment.
    key : kms.IKey | None
        What encrypts it; a key of SQS if None.
    name : str | None
        Its name; CloudFormation makes one if not given.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        settings: Settings,
        key: kms.IKey | None,
        name: str | None = None,
    ) -> None:
        super().__init__(
            scope,
            construct_id,
            queue_name=name,
            encryption=sqs.QueueEncryption.SQS_MANAGED,
            enforce_ssl=True,
            retention_period=cdk.Duration.days(14),
            removal_policy=cdk.RemovalPolicy.RETAIN if settings.retains_records else cdk.RemovalPolicy.DESTROY,
        )
        if key is not None:
            # Not by the queue's own options: with them it would grant every sender more than sending needs.
            queue = cast("sqs.CfnQueue", self.node.default_child)
            queue.sqs_managed_sse_enabled = None
            queue.kms_master_key_id = key.key_arn
