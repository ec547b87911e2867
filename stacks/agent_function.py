"""One agent in AWS: its function, its logs, its dead-letter queue, and its role."""

import sys
from typing import Final

import aws_cdk as cdk
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from aws_cdk import aws_sqs as sqs
from constructs import Construct, IConstruct

from stacks.agent_role import AgentRole
from stacks.bundle import Bundle
from stacks.deployed_agents import DeployedAgent
from stacks.naming import function_name
from stacks.settings import Settings
from stacks.storage import StorageStack

_RUNTIME: Final = lambda_.Runtime(
    f"python{sys.version_info.major}.{sys.version_info.minor}", lambda_.RuntimeFamily.PYTHON
)


class AgentFunction(Construct):
    """The Lambda function of an agent, sized by the agent's contract.

    The runtime is that of the Python which builds it, so that the same wheels run in tests and in AWS.

    Parameters
    ----------
    deployed : DeployedAgent
        The agent.
    bundle : Bundle
        What the function runs.
    storage : StorageStack
        Where payloads, idempotency records and gates are.
    settings : Settings
        What was chosen about the deployment.

    Attributes
    ----------
    function : lambda_.Function
    """

    def __init__(  # noqa: PLR0913
        self,
        scope: Construct,
        construct_id: str,
        *,
        deployed: DeployedAgent,
        bundle: Bundle,
        storage: StorageStack,
        settings: Settings,
    ) -> None:
        super().__init__(scope, construct_id)
        agent = deployed.agent
        name = function_name(agent.name)
        log_group = logs.LogGroup(
            self,
            "Logs",
            log_group_name=f"/aws/lambda/{name}",
            retention=logs.RetentionDays.ONE_MONTH,
            removal_policy=cdk.RemovalPolicy.DESTROY,
        )
        dead_letters = sqs.Queue(
            self,
            "DeadLetters",
            encryption=sqs.QueueEncryption.SQS_MANAGED,
            enforce_ssl=True,
            retention_period=cdk.Duration.days(14),
        )
        role = AgentRole(self, "Role", deployed=deployed, log_group=log_group, storage=storage)
        self.function = lambda_.Function(
            self,
            "Function",
            function_name=name,
            description=f"Stepweave agent {agent.name}",
            runtime=_RUNTIME,
            architecture=(
                lambda_.Architecture.ARM_64 if settings.bundle_platform.is_arm64 else lambda_.Architecture.X86_64
            ),
            handler=f"lambdas.{agent.name}.handler.handler",
            code=lambda_.Code.from_asset(
                str(bundle.path), asset_hash=bundle.digest, asset_hash_type=cdk.AssetHashType.CUSTOM
            ),
            timeout=cdk.Duration.seconds(agent.timeout.total_seconds()),
            memory_size=agent.memory_mb,
            ephemeral_storage_size=cdk.Size.mebibytes(agent.ephemeral_storage_mb),
            reserved_concurrent_executions=agent.reserved_concurrency if settings.reserve_concurrency else None,
            tracing=lambda_.Tracing.ACTIVE,
            log_group=log_group,
            dead_letter_queue=dead_letters,
            role=role,
            environment={
                "STEPWEAVE_PAYLOAD_BUCKET": storage.payload_bucket.bucket_name,
                "STEPWEAVE_IDEMPOTENCY_TABLE": storage.idempotency_table.table_name,
                "STEPWEAVE_GATES_TABLE": storage.gates_table.table_name,
                "POWERTOOLS_SERVICE_NAME": agent.name,
                "POWERTOOLS_METRICS_NAMESPACE": "Stepweave",
                "POWERTOOLS_LOG_LEVEL": "INFO",
            },
        )

        _acknowledge(
            role.node.find_child("DefaultPolicy"),
            "AwsSolutions-IAM5[Resource::*]",
            "X-Ray has no resources to name for the two actions that send traces.",
        )
        _acknowledge(
            self.function,
            "AwsSolutions-L1",
            "The runtime is that of the Python that builds it, so that what was tested is what runs.",
        )


def _acknowledge(construct: IConstruct, rule: str, reason: str) -> None:
    cdk.Validations.of(construct).acknowledge(cdk.Acknowledgment(id=rule, reason=reason))
