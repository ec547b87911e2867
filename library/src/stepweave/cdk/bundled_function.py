"""A function of a deployment: its log, its queue of failed invocations, its role, and how it is set up."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import cast

import aws_cdk as cdk
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from constructs import Construct

from stepweave.cdk.acknowledgement import acknowledge
from stepweave.cdk.dead_letter_queue import DeadLetterQueue
from stepweave.cdk.expiring_log import ExpiringLog
from stepweave.cdk.function_code import FunctionCode
from stepweave.cdk.naming import LIVE, QueueKind, queue_name
from stepweave.cdk.platform import Platform
from stepweave.cdk.storage import Storage
from stepweave.contract.vpc import Vpc


@dataclass(frozen=True)
class FunctionShape:
    """What a function is called and how it is set up.

    Parameters
    ----------
    folder : str
        The folder of its code, after which it is named.
    description : str
        What the console says of it.
    timeout : timedelta
        How long an invocation may take.
    memory_mb, ephemeral_storage_mb : int
        What an environment has of each, in MiB.
    reserved_concurrency : int | None
        How many invocations may run at once; None reserves none.
    provisioned_concurrency : int | None
        How many environments are kept ready; None keeps none.
    platform : Platform | None
        What it runs on; what the deployment's functions run on, if None.
    log_level : str
        From which level on its logger writes.
    layers : tuple[str, ...]
        ARNs of versions of its layers.
    """

    folder: str
    description: str
    timeout: timedelta
    memory_mb: int
    ephemeral_storage_mb: int = 512
    reserved_concurrency: int | None = None
    provisioned_concurrency: int | None = None
    platform: Platform | None = None
    log_level: str = "INFO"
    layers: tuple[str, ...] = ()


@dataclass(frozen=True)
class FunctionNetwork:
    """The network of a function: ids, as a contract has them, or what somebody's own stack has made.

    Parameters
    ----------
    ids : Vpc | None
        Ids of subnets and security groups.
    vpc : ec2.IVpc | None
        A network of a stack, in whose private subnets the function's interfaces are.
    security_groups : Sequence[ec2.ISecurityGroup]
        The security groups there; one of its own if there is none.
    """

    ids: Vpc | None = None
    vpc: ec2.IVpc | None = None
    security_groups: Sequence[ec2.ISecurityGroup] = ()

    @property
    def is_any(self) -> bool:
        """Whether the function is attached to a network."""
        return self.ids is not None or self.vpc is not None


class BundledFunction(Construct):
    """A Lambda function with its log, its role, and a queue for the asynchronous invocations that fail for good.

    State machines call the alias ``live`` of its published version. A version stays when a later one is published.

    Parameters
    ----------
    shape : FunctionShape
        What it is called and how it is set up.
    code : FunctionCode
        What it runs.
    role : Callable[[Construct, logs.ILogGroup], iam.Role]
        Makes its role, given the function's log.
    storage : Storage
        Where payloads and idempotency records are.
    environment : Mapping[str, str]
        What it finds in its environment beside what every function does.
    log_group : logs.ILogGroup | None
        Its log; one of its own if None.
    network : FunctionNetwork
        What it is attached to.

    Attributes
    ----------
    function : lambda_.Function
    live : lambda_.Alias
        What state machines call.
    log_group : logs.ILogGroup
    invocations : DeadLetterQueue
        The asynchronous invocations that failed for good.
    """

    def __init__(  # noqa: PLR0913
        self,
        scope: Construct,
        construct_id: str,
        *,
        shape: FunctionShape,
        code: FunctionCode,
        role: Callable[[Construct, logs.ILogGroup], iam.Role],
        storage: Storage,
        environment: Mapping[str, str],
        log_group: logs.ILogGroup | None = None,
        network: FunctionNetwork | None = None,
    ) -> None:
        super().__init__(scope, construct_id)
        settings, key = storage.settings, storage.encryption_key
        name = settings.names.function(shape.folder)
        self.log_group: logs.ILogGroup = log_group or ExpiringLog(
            self, "Logs", name=settings.names.function_log(shape.folder), settings=settings, key=key
        )
        self.invocations = DeadLetterQueue(
            self, "DeadLetters", name=queue_name(name, QueueKind.INVOCATIONS), settings=settings, key=key
        )
        function_role = role(self, self.log_group)
        attached = network or FunctionNetwork()
        self.function = lambda_.Function(
            self,
            "Function",
            function_name=name,
            description=shape.description,
            runtime=code.runtime,
            architecture=(
                lambda_.Architecture.ARM_64
                if (shape.platform or settings.bundle_platform).is_arm64
                else lambda_.Architecture.X86_64
            ),
            handler=code.handler,
            code=code.code,
            timeout=cdk.Duration.seconds(shape.timeout.total_seconds()),
            memory_size=shape.memory_mb,
            ephemeral_storage_size=cdk.Size.mebibytes(shape.ephemeral_storage_mb),
            reserved_concurrent_executions=shape.reserved_concurrency if settings.reserve_concurrency else None,
            tracing=lambda_.Tracing.ACTIVE,
            log_group=self.log_group,
            dead_letter_queue=self.invocations,
            role=function_role,
            vpc=attached.vpc,
            security_groups=list(attached.security_groups) or None,
            layers=[
                lambda_.LayerVersion.from_layer_version_arn(self, f"Layer{index}", arn)
                for index, arn in enumerate(shape.layers)
            ]
            or None,
            current_version_options=lambda_.VersionOptions(removal_policy=cdk.RemovalPolicy.RETAIN),
            environment={
                "STEPWEAVE_PAYLOAD_BUCKET": storage.payload_bucket.bucket_name,
                "STEPWEAVE_IDEMPOTENCY_TABLE": storage.idempotency_table.table_name,
                **environment,
                "POWERTOOLS_SERVICE_NAME": shape.folder,
                "POWERTOOLS_METRICS_NAMESPACE": settings.names.metrics_namespace,
                "POWERTOOLS_LOG_LEVEL": shape.log_level,
            },
        )
        if attached.ids is not None:
            cast(
                "lambda_.CfnFunction", self.function.node.default_child
            ).vpc_config = lambda_.CfnFunction.VpcConfigProperty(
                subnet_ids=list(attached.ids.subnets), security_group_ids=list(attached.ids.security_groups)
            )

        self.live = lambda_.Alias(
            self,
            "Live",
            alias_name=LIVE,
            version=self.function.current_version,
            provisioned_concurrent_executions=shape.provisioned_concurrency,
        )

        acknowledge(
            function_role.node.find_child("DefaultPolicy"),
            "AwsSolutions-IAM5[Resource::*]",
            "X-Ray has no resources to name for the two actions that send traces.",
        )
        acknowledge(
            self.function,
            "AwsSolutions-L1",
            "The runtime is the one that the project chose and tests with, until it chooses a later one.",
        )
