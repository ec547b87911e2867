"""The role of an agent's function: what the agent needs, and no more."""

from collections.abc import Iterable
from typing import Any

from aws_cdk import aws_iam as iam
from aws_cdk import aws_logs as logs
from constructs import Construct

from stepweave.cdk.acknowledgement import acknowledge, acknowledge_wildcard
from stepweave.cdk.arns import executions_arn, state_machine_arn
from stepweave.cdk.encryption import use_of_key
from stepweave.cdk.naming import EVERY
from stepweave.cdk.payload_access import payload_access
from stepweave.cdk.policy import allow
from stepweave.cdk.settings import Settings
from stepweave.cdk.storage import StorageStack
from stepweave.contract.agent import Agent


class AgentRole(iam.Role):
    """What the function of an agent may do.

    It writes its own log, reads and writes payloads as its contract implies, and remembers which tasks it has done. It
    arrives at gates and wakes the state machines that wait there, and reads in the history of an execution whether an
    attempt has died: of any workflow, since DAG files that use the agent are deployed one by one, and none must take
    from another what it needs. If the contract names a circuit breaker, it moves that and tells so.

    Parameters
    ----------
    agent : Agent
        The agent's contract.
    log_group : logs.ILogGroup
        The function's log.
    storage : StorageStack
        Where payloads, idempotency records, gates and breakers are.
    settings : Settings
        What was chosen about the deployment.
    """

    def __init__(  # noqa: PLR0913
        self,
        scope: Construct,
        construct_id: str,
        *,
        agent: Agent[Any, Any],
        log_group: logs.ILogGroup,
        storage: StorageStack,
        settings: Settings,
    ) -> None:
        access = payload_access(agent)
        machines = state_machine_arn(scope, settings.names.state_machine(EVERY))
        executions = executions_arn(scope, settings.names.state_machine(EVERY))

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
            "Gates": allow(
                "dynamodb", ["GetItem", "BatchGetItem", "PutItem", "UpdateItem"], [storage.gates_table.table_arn]
            ),
            "WakeWaitingStates": allow("states", ["SendTaskSuccess"], [machines]),
            "LearnOfDeadAttempts": allow("states", ["GetExecutionHistory"], [executions]),
            **use_of_key(settings),
        }
        if agent.breaker is not None:
            policies["Breaker"] = allow("dynamodb", ["GetItem", "UpdateItem"], [storage.breakers_table.table_arn])
            policies["TellOfBreaker"] = allow("events", ["PutEvents"], [storage.event_bus.event_bus_arn])
        super().__init__(
            scope,
            construct_id,
            description=f"What the agent {agent.name} may do",
            assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"),
            inline_policies=policies,
        )

        for arn in (machines, executions):
            acknowledge_wildcard(
                self, arn, "The state machines of DAG files are deployed one by one, by names that begin so."
            )
        for prefix in sorted({*access.reads, *access.writes}):
            acknowledge(
                self,
                f"AwsSolutions-IAM5[Resource::{storage.payload_bucket_arn_export}/{prefix}*]",
                f"Objects below {prefix} get their names at run time; the prefix is as narrow as it gets.",
            )
