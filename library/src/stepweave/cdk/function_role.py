"""The role of a function: what each of them needs, and what the one has beside that."""

from collections.abc import Mapping

from aws_cdk import aws_iam as iam
from aws_cdk import aws_logs as logs
from constructs import Construct

from stepweave.cdk.encryption import use_of_key
from stepweave.cdk.policy import allow
from stepweave.cdk.storage import Storage


class FunctionRole(iam.Role):
    """What a function may do: write its own log, use the keys of what is stored, and what is given.

    Parameters
    ----------
    description : str
        What the console says of it.
    log_group : logs.ILogGroup
        The function's log.
    storage : Storage
        Whose keys it may use.
    policies : Mapping[str, iam.PolicyDocument]
        What it may do beside that, by the name of each policy.
    """

    def __init__(  # noqa: PLR0913
        self,
        scope: Construct,
        construct_id: str,
        *,
        description: str,
        log_group: logs.ILogGroup,
        storage: Storage,
        policies: Mapping[str, iam.PolicyDocument],
    ) -> None:
        super().__init__(
            scope,
            construct_id,
            description=description,
            assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"),
            inline_policies={
                "Logs": allow("logs", ["CreateLogStream", "PutLogEvents"], [log_group.log_group_arn]),
                **policies,
                **use_of_key(storage),
            },
        )
