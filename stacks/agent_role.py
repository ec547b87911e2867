"""The role of an agent's function: what the agent needs, and no more."""

from collections.abc import Iterable

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_logs as logs
from constructs import Construct

from stacks.arns import state_machine_arn
from stacks.deployed_agents import DeployedAgent
from stacks.payload_access import payload_access
from stacks.policy import allow
from stacks.storage import StorageStack


class AgentRole(iam.Role):
    """What the function of an agent may do.

    It writes its own log, reads and writes payloads as its contract implies, and remembers which tasks it has done. If
    a workflow has gates, its agents arrive at them and wake the state machine that waits.

    Parameters
    ----------
    deployed : DeployedAgent
        The agent.
    log_group : logs.ILogGroup
        The function's log.
    storage : StorageStack
        Where payloads, idempotency records and gates are.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        deployed: DeployedAgent,
        log_group: logs.ILogGroup,
        storage: StorageStack,
    ) -> None:
        access = payload_access(deployed.agent)

        def objects(prefixes: Iterable[str]) -> list[str]:
            return [storage.payload_bucket.arn_for_objects(f"{prefix}*") for prefix in prefixes]

        policies = {
            "Logs": allow("logs", ["CreateLogStream", "PutLogEvents"], [log_group.log_group_arn]),
            "ReadPayloads": allow("s3", ["GetObject"], objects(access.reads)),
            "WritePayloads": allow("s3", ["PutObject"], objects(access.writes)),
            "Idempotency": allow(
                "dynamodb",
                ["GetItem", "PutItem", "UpdateItem", "DeleteItem"],
                [storage.idempotency_table.table_arn],
            ),
        }
        if deployed.gated_workflows:
            machines = [state_machine_arn(scope, name) for name in deployed.gated_workflows]
            policies["Gates"] = allow(
                "dynamodb", ["GetItem", "BatchGetItem", "PutItem", "UpdateItem"], [storage.gates_table.table_arn]
            )
            policies["WakeWaitingStates"] = allow("states", ["SendTaskSuccess"], machines)
        super().__init__(
            scope,
            construct_id,
            description=f"What the agent {deployed.agent.name} may do",
            assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"),
            inline_policies=policies,
        )

        for prefix in sorted({*access.reads, *access.writes}):
            cdk.Validations.of(self).acknowledge(
                cdk.Acknowledgment(
                    id=f"AwsSolutions-IAM5[Resource::{storage.payload_bucket_arn_export}/{prefix}*]",
                    reason=f"Objects below {prefix} get their names at run time; the prefix is as narrow as it gets.",
                )
            )
