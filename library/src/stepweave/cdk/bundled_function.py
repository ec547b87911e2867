"""A function that runs a bundle: its log, its queue of failed invocations, its role, and how it is set up."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from constructs import Construct

from stepweave.cdk.acknowledgement import acknowledge
from stepweave.cdk.bundle import Bundle
from stepweave.cdk.dead_letter_queue import DeadLetterQueue
from stepweave.cdk.expiring_log import ExpiringLog
from stepweave.cdk.naming import LIVE, QueueKind, queue_name
from stepweave.cdk.settings import Settings
from stepweave.cdk.storage import StorageStack


@dataclass(frozen=True)
class FunctionShape:
    """What a function is called and how large it is.

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
    """

    folder: str
    description: str
    timeout: timedelta
    memory_mb: int
    ephemeral_storage_mb: int = 512
    reserved_concurrency: int | None = None


class BundledFunction(Construct):
    """A Lambda function with its log, its role, and a queue for the asynchronous invocations that fail for good.

    The Python that it runs is the project's choice and not that of whoever deploys it.

    Parameters
    ----------
    shape : FunctionShape
        What it is called and how large it is.
    bundle : Bundle
        What it runs.
    role : Callable[[Construct, logs.ILogGroup], iam.Role]
        Makes its role, given the function's log.
    storage : StorageStack
        Where payloads and idempotency records are.
    settings : Settings
        What was chosen about the deployment.
    environment : Mapping[str, str]
        What it finds in its environment beside what every function does.

    State machines call the alias ``live`` of its published version. A version stays when a later one is published.

    Attributes
    ----------
    function : lambda_.Function
    live : lambda_.Alias
        What state machines call.
    invocations : DeadLetterQueue
        The asynchronous invocations that failed for good.
    """

    def __init__(  # noqa: PLR0913
        self,
        scope: Construct,
        construct_id: str,
        *,
        shape: FunctionShape,
        bundle: Bundle,
        role: Callable[[Construct, logs.ILogGroup], iam.Role],
        storage: StorageStack,
        settings: Settings,
        environment: Mapping[str, str],
    ) -> None:
        super().__init__(scope, construct_id)
        name = settings.names.function(shape.folder)
        log_group = ExpiringLog(self, "Logs", name=settings.names.function_log(shape.folder), settings=settings)
        self.invocations = DeadLetterQueue(
            self, "DeadLetters", name=queue_name(name, QueueKind.INVOCATIONS), settings=settings
        )
        function_role = role(self, log_group)
        self.function = lambda_.Function(
            self,
            "Function",
            function_name=name,
            description=shape.description,
            runtime=lambda_.Runtime(f"python{settings.python}", lambda_.RuntimeFamily.PYTHON),
            architecture=(
                lambda_.Architecture.ARM_64 if settings.bundle_platform.is_arm64 else lambda_.Architecture.X86_64
            ),
            handler=bundle.handler,
            code=lambda_.Code.from_asset(
                str(bundle.path), asset_hash=bundle.digest, asset_hash_type=cdk.AssetHashType.CUSTOM
            ),
            timeout=cdk.Duration.seconds(shape.timeout.total_seconds()),
            memory_size=shape.memory_mb,
            ephemeral_storage_size=cdk.Size.mebibytes(shape.ephemeral_storage_mb),
            reserved_concurrent_executions=shape.reserved_concurrency if settings.reserve_concurrency else None,
            tracing=lambda_.Tracing.ACTIVE,
            log_group=log_group,
            dead_letter_queue=self.invocations,
            role=function_role,
            current_version_options=lambda_.VersionOptions(removal_policy=cdk.RemovalPolicy.RETAIN),
            environment={
                "STEPWEAVE_PAYLOAD_BUCKET": storage.payload_bucket.bucket_name,
                "STEPWEAVE_IDEMPOTENCY_TABLE": storage.idempotency_table.table_name,
                **environment,
                "POWERTOOLS_SERVICE_NAME": shape.folder,
                "POWERTOOLS_METRICS_NAMESPACE": settings.names.metrics_namespace,
                "POWERTOOLS_LOG_LEVEL": "INFO",
            },
        )

        self.live = lambda_.Alias(self, "Live", alias_name=LIVE, version=self.function.current_version)

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
