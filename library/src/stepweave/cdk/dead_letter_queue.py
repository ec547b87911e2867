"""A queue for what failed."""

import aws_cdk as cdk
from aws_cdk import aws_sqs as sqs
from constructs import Construct


class DeadLetterQueue(sqs.Queue):
    """A queue that keeps what failed for as long as SQS keeps anything, encrypted, and takes it by TLS only.

    Executions can be redriven for as long.

    Parameters
    ----------
    name : str
        Its name.
    """

    def __init__(self, scope: Construct, construct_id: str, *, name: str) -> None:
        super().__init__(
            scope,
            construct_id,
            queue_name=name,
            encryption=sqs.QueueEncryption.SQS_MANAGED,
            enforce_ssl=True,
            retention_period=cdk.Duration.days(14),
        )
