"""What outlives an invocation: the payload bucket, the idempotency table and the gates table."""

from typing import Any, Final

import aws_cdk as cdk
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_s3 as s3
from constructs import Construct

from lambdas.contract.gate import EXPIRES, ITEM_KEY
from stacks.payload_access import REPORTS, REPOSITORIES, RESULTS
from stacks.settings import Settings

# A failed execution can be redriven for 14 days, and needs its repository and its results for that.
_INPUTS_KEPT: Final = cdk.Duration.days(30)
_REPORTS_KEPT: Final = cdk.Duration.days(365)
_ACCESS_LOGS_KEPT: Final = cdk.Duration.days(90)


class StorageStack(cdk.Stack):
    """The payload bucket, and the tables of idempotency records and of gates.

    The bucket keeps repositories and results for 30 days, reports for a year. It is not versioned: keys hold the
    digest of their content, so that nothing is ever overwritten, and a version would only keep what should expire.

    The tables go with the stack: they say which task of which execution was done and which gate is open, and no
    execution outlives its state machine.

    Attributes
    ----------
    payload_bucket : s3.Bucket
    idempotency_table : dynamodb.Table
    gates_table : dynamodb.Table
    payload_bucket_arn_export : str
        The name under which other stacks import the ARN of the payload bucket.
    """

    def __init__(self, scope: Construct, construct_id: str, *, settings: Settings, **options: Any) -> None:
        super().__init__(
            scope, construct_id, description="Stepweave: payloads, idempotency records and gates", **options
        )
        access_logs = self._bucket("AccessLogs", settings)
        access_logs.add_lifecycle_rule(id="expire", expiration=_ACCESS_LOGS_KEPT)
        cdk.Validations.of(access_logs).acknowledge(
            cdk.Acknowledgment(
                id="AwsSolutions-S1", reason="This bucket takes the access logs; logging itself would never end."
            )
        )

        self.payload_bucket = self._bucket("Payloads", settings, server_access_logs_bucket=access_logs)
        for prefix, kept in ((REPOSITORIES, _INPUTS_KEPT), (RESULTS, _INPUTS_KEPT), (REPORTS, _REPORTS_KEPT)):
            self.payload_bucket.add_lifecycle_rule(id=f"expire-{prefix.rstrip('/')}", prefix=prefix, expiration=kept)
        self.payload_bucket.add_lifecycle_rule(
            id="abort-incomplete-uploads", abort_incomplete_multipart_upload_after=cdk.Duration.days(1)
        )

        self.idempotency_table = self._table("Idempotency", key="id", expires="expiration")
        self.gates_table = self._table("Gates", key=ITEM_KEY, expires=EXPIRES)

        # Exported whether or not a workflow needs it today: an export cannot go while other stacks still import it.
        for value in (
            self.payload_bucket.bucket_name,
            self.idempotency_table.table_arn,
            self.idempotency_table.table_name,
            self.gates_table.table_arn,
            self.gates_table.table_name,
        ):
            self.export_value(value)
        exported_arn = self.resolve(self.export_value(self.payload_bucket.bucket_arn))
        self.payload_bucket_arn_export: str = exported_arn["Fn::ImportValue"]

        cdk.CfnOutput(
            self,
            "PayloadBucketName",
            value=self.payload_bucket.bucket_name,
            description="Bucket of repositories, results and reports",
        )

    def _bucket(self, construct_id: str, settings: Settings, **options: Any) -> s3.Bucket:
        return s3.Bucket(
            self,
            construct_id,
            encryption=s3.BucketEncryption.S3_MANAGED,
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            object_ownership=s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
            enforce_ssl=True,
            minimum_tls_version=1.2,
            removal_policy=(
                cdk.RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE if settings.retain_payloads else cdk.RemovalPolicy.DESTROY
            ),
            **options,
        )

    def _table(self, construct_id: str, *, key: str, expires: str) -> dynamodb.Table:
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
            encryption=dynamodb.TableEncryption.AWS_MANAGED,
            removal_policy=cdk.RemovalPolicy.DESTROY,
        )
