"""What outlives an invocation: the payload bucket, the tables, and the bus on which breakers tell what they do."""

from collections.abc import Iterable
from typing import Any, Final

import aws_cdk as cdk
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_events as events
from aws_cdk import aws_s3 as s3
from constructs import Construct

from stepweave.cdk.acknowledgement import acknowledge
from stepweave.cdk.encryption import encryption_key
from stepweave.cdk.naming import BREAKERS_OUTPUT
from stepweave.cdk.payload_access import DEAD_LETTER_INPUTS
from stepweave.cdk.settings import Settings
from stepweave.cdk.transitions_log import log_transitions
from stepweave.contract import breaker, gate
from stepweave.contract.stored import RESULTS, Stored

# A failed execution can be redriven for 14 days, and needs its results for that.
_INPUTS_KEPT: Final = cdk.Duration.days(30)
_ACCESS_LOGS_KEPT: Final = cdk.Duration.days(90)


class StorageStack(cdk.Stack):
    """The payload bucket, the tables of idempotency records, gates and circuit breakers, and the event bus.

    The bucket keeps results and inputs of dead letters for 30 days, and other objects as the models that refer to them
    say. It is not versioned: keys hold the digest of their content, so that nothing is ever overwritten, and a version
    would only keep what should expire.

    The tables go with the stack unless one chooses otherwise: they say which task of which execution was done and
    which gate is open, and no execution outlives its state machine. An item of the breakers table stays as long as
    the table: what opened a breaker once may do so again.

    Breakers put an event on the bus whenever one opens or closes. A rule writes these into a log.

    Parameters
    ----------
    settings : Settings
        What was chosen about the deployment.
    stored : Iterable[Stored]
        What models of the deployed agents keep in the bucket.

    Attributes
    ----------
    payload_bucket : s3.Bucket
    idempotency_table : dynamodb.Table
    gates_table : dynamodb.Table
    breakers_table : dynamodb.Table
    event_bus : events.EventBus
    payload_bucket_arn_export : str
        The name under which other stacks import the ARN of the payload bucket.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        settings: Settings,
        stored: Iterable[Stored] = (),
        **options: Any,
    ) -> None:
        super().__init__(
            scope, construct_id, description="Stepweave: payloads, idempotency records, gates and breakers", **options
        )
        # S3 delivers access logs to no bucket with a KMS key.
        access_logs = self._bucket("AccessLogs", settings, encryption=s3.BucketEncryption.S3_MANAGED)
        access_logs.add_lifecycle_rule(id="expire", expiration=_ACCESS_LOGS_KEPT)
        acknowledge(access_logs, "AwsSolutions-S1", "This bucket takes the access logs; logging itself never ends.")

        key = encryption_key(self, settings)
        encryption = s3.BucketEncryption.S3_MANAGED if key is None else s3.BucketEncryption.KMS
        self.payload_bucket = self._bucket(
            "Payloads",
            settings,
            encryption=encryption,
            encryption_key=key,
            bucket_key_enabled=None if key is None else True,
            server_access_logs_bucket=access_logs,
        )
        expirations = {RESULTS: _INPUTS_KEPT, DEAD_LETTER_INPUTS: _INPUTS_KEPT}
        expirations |= {one.prefix: cdk.Duration.days(one.kept.days) for one in stored}
        for prefix, kept in sorted(expirations.items()):
            self.payload_bucket.add_lifecycle_rule(id=f"expire-{prefix.rstrip('/')}", prefix=prefix, expiration=kept)
        self.payload_bucket.add_lifecycle_rule(
            id="abort-incomplete-uploads", abort_incomplete_multipart_upload_after=cdk.Duration.days(1)
        )

        self.idempotency_table = self._table("Idempotency", settings, key="id", expires="expiration")
        self.gates_table = self._table("Gates", settings, key=gate.ITEM_KEY, expires=gate.EXPIRES)
        self.breakers_table = self._table("Breakers", settings, key=breaker.ITEM_KEY)
        self.event_bus = events.EventBus(
            self,
            "EventBus",
            event_bus_name=settings.names.event_bus,
            description="Stepweave: what circuit breakers do",
        )
        log_transitions(self, self.event_bus, settings)

        # Exported whether or not a workflow needs it today: an export cannot go while other stacks still import it.
        for value in (
            self.payload_bucket.bucket_name,
            self.idempotency_table.table_arn,
            self.idempotency_table.table_name,
            self.gates_table.table_arn,
            self.gates_table.table_name,
            self.breakers_table.table_arn,
            self.breakers_table.table_name,
            self.event_bus.event_bus_arn,
            self.event_bus.event_bus_name,
        ):
            self.export_value(value)
        exported_arn = self.resolve(self.export_value(self.payload_bucket.bucket_arn))
        self.payload_bucket_arn_export: str = exported_arn["Fn::ImportValue"]

        cdk.CfnOutput(
            self,
            "PayloadBucketName",
            value=self.payload_bucket.bucket_name,
            description="Bucket of results, and of what models refer to",
        )
        cdk.CfnOutput(
            self,
            BREAKERS_OUTPUT,
            value=self.breakers_table.table_name,
            description="Table of the state of circuit breakers",
        )

    def _bucket(self, construct_id: str, settings: Settings, **options: Any) -> s3.Bucket:
        return s3.Bucket(
            self,
            construct_id,
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            object_ownership=s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
            enforce_ssl=True,
            minimum_tls_version=1.2,
            removal_policy=(
                cdk.RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE if settings.retains_payloads else cdk.RemovalPolicy.DESTROY
            ),
            **options,
        )

    def _table(self, construct_id: str, settings: Settings, *, key: str, expires: str | None = None) -> dynamodb.Table:
        encryption = encryption_key(self, settings)
        # `TableV2` is a global table, made to be replicated. Nothing here is.
        return dynamodb.Table(
            self,
            construct_id,
            partition_key=dynamodb.Attribute(name=key, type=dynamodb.AttributeType.STRING),
            time_to_live_attribute=expires,
            billing_mode=dynamodb.BillingMode.PAY_PER_REQUEST,
            point_in_time_recovery_specification=dynamodb.PointInTimeRecoverySpecification(
                point_in_time_recovery_enabled=True
            ),
            encryption=(
                dynamodb.TableEncryption.AWS_MANAGED
                if encryption is None
                else dynamodb.TableEncryption.CUSTOMER_MANAGED
            ),
            encryption_key=encryption,
            removal_policy=cdk.RemovalPolicy.RETAIN if settings.retains_records else cdk.RemovalPolicy.DESTROY,
        )
