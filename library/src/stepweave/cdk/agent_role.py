"""The role of an agent's function: what the agent needs, and no more."""

from typing import Any

from aws_cdk import aws_logs as logs
from constructs import Construct

from stepweave.cdk.acknowledgement import acknowledge_wildcard
from stepweave.cdk.agent_permissions import acknowledge_permissions, agent_permissions
from stepweave.cdk.arns import executions_arn, state_machine_arn
from stepweave.cdk.function_role import FunctionRole
from stepweave.cdk.naming import EVERY
from stepweave.cdk.payload_access import payload_access
from stepweave.cdk.policy import allow
from stepweave.cdk.storage import Storage
from stepweave.contract.agent import Agent


class AgentRole(FunctionRole):
    """What the function of an agent may do.

    It writes its own log, reads and writes payloads as its contract implies, and remembers which tasks it has done. It
    arrives at gates and wakes the state machines that wait there, and reads in the history of an execution whether an
    attempt has died: of any workflow, since DAG files that use the agent are deployed one by one, and none must take
    from another what it needs. If the contract names a circuit breaker, it moves that and tells so. Beyond that it may
    do what the contract names.

    Parameters
    ----------
    agent : Agent
        The agent's contract.
    log_group : logs.ILogGroup
        The function's log.
    storage : Storage
        Where payloads, idempotency records, gates and breakers are.
    in_network : bool
        Whether the function is attached to a network.
    """

    def __init__(  # noqa: PLR0913
        self,
        scope: Construct,
        construct_id: str,
        *,
        agent: Agent[Any, Any],
        log_group: logs.ILogGroup,
        storage: Storage,
        in_network: bool,
    ) -> None:
        access = payload_access(agent)
        every = storage.settings.names.state_machine(EVERY)
        machines, executions = state_machine_arn(scope, every), executions_arn(scope, every)
        policies = {
            "ReadPayloads": allow("s3", ["GetObject"], map(storage.objects, access.reads)),
            # Without it S3 does not say of an object that it is missing, but that access is denied.
            "LearnOfMissingPayloads": allow("s3", ["ListBucket"], [storage.payload_bucket.bucket_arn]),
            "WritePayloads": allow("s3", ["PutObject"], map(storage.objects, access.writes)),
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
            **agent_permissions(agent, in_network=in_network),
        }
        if agent.breaker is not None:
            policies["Breaker"] = allow("dynamodb", ["GetItem", "UpdateItem"], [storage.breakers_table.table_arn])
            policies["TellOfBreaker"] = allow("events", ["PutEvents"], [storage.event_bus.event_bus_arn])
        super().__init__(
            scope,
            construct_id,
            description=f"What the agent {agent.name} may do",
            log_group=log_group,
            storage=storage,
            policies=policies,
        )

        for arn in (machines, executions):
            acknowledge_wildcard(
                self, arn, "The state machines of DAG files are deployed one by one, by names that begin so."
            )
        for prefix in sorted({*access.reads, *access.writes}):
            storage.acknowledge_objects(self, prefix)
        acknowledge_permissions(self, agent, in_network=in_network)
