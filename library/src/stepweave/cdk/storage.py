"""What outlives an invocation: the payload bucket, the tables, and the bus on which breakers tell what they do."""

from collections.abc import Iterable
from typing import Any, Final

import aws_cdk as cdk
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_events as events
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from constructs import Construct

from stepweave.cdk.acknowledgement import acknowledge, acknowledge_wildcard
from stepweave.cdk.encryption import encryption_key as key_of_settings
from stepweave.cdk.payload_access import DEAD_LETTER_INPUTS, stored_objects
from stepweave.cdk.settings import Settings
from stepweave.cdk.transitions_log import log_transitions
from stepweave.contract import breaker, gate
from stepweave.contract.agent import Agent
from stepweave.contract.stored import RESULTS

# A failed execution can be redriven for 14 days, and needs its results for that.
_INPUTS_KEPT: Final = cdk.Duration.days(30)
_ACCESS_LOGS_KEPT: Final = cdk.Duration.days(90)


class Storage(Construct):
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
    agents : Iterable[Agent]
        The agents that use it: their models say what the bucket holds and for how long.
    settings : Settings | None
        What was chosen about the deployment; what the context and the project say, if not given.
    bucket : s3.IBucket | None
        A bucket of yours that holds the payloads. Its lifecycle is yours too: keep what is below ``results/`` and
        ``dead-letters/`` for 30 days.
    encryption_key : kms.IKey | None
        A key of yours that encrypts all of it, and the queues and logs of what uses it; that of the settings, if not
        given. Its policy must let ``logs`` and ``events`` of the region use it.
    event_bus : events.IEventBus | None
        A bus of yours on which circuit breakers tell what they do.

    Attributes
    ----------
    settings : Settings
    encryption_key : kms.IKey | None
    payload_bucket : s3.IBucket
    idempotency_table, gates_table, breakers_table : dynamodb.Table
    event_bus : events.IEventBus

    Raises
    ------
    SynthesisError
        If a setting is wrong, or two models say different things about the same objects.

    Example
    -------
    >>> storage = Storage(stack, "Stepweave", agents=[payer], bucket=documents)  # doctest: +SKIP
    """

    def __init__(  # noqa: PLR0913
        self,
        scope: Construct,
        construct_id: str,
        *,
        agents: Iterable[Agent[Any, Any]] = (),
        settings: Settings | None = None,
        bucket: s3.IBucket | None = None,
        encryption_key: kms.IKey | None = None,
        event_bus: events.IEventBus | None = None,
    ) -> None:
        super().__init__(scope, construct_id)
        self.settings = settings or Settings.of(self)
        self.encryption_key = encryption_key or key_of_settings(self, self.settings)
        self.payload_bucket = bucket or self._payloads(agents)
        self.idempotency_table = self._table("Idempotency", key="id", expires="expiration")
        self.gates_table = self._table("Gates", key=gate.ITEM_KEY, expires=gate.EXPIRES)
        self.breakers_table = self._table("Breakers", key=breaker.ITEM_KEY)
        self.event_bus: events.IEventBus = event_bus or events.EventBus(
            self,
            "EventBus",
            event_bus_name=self.settings.names.event_bus,
            description="Stepweave: what circuit breakers do",
        )
        log_transitions(self, self.event_bus, self.settings, self.encryption_key)

    def objects(self, prefix: str) -> str:
        """Return the ARN that stands for all objects of the bucket whose keys begin with a prefix."""
        return self.payload_bucket.arn_for_objects(f"{prefix}*")

    def acknowledge_objects(self, role: Construct, prefix: str) -> None:
        """Say why a role may do something to all objects whose keys begin with a prefix."""
        arn = self.payload_bucket.bucket_arn
        owner, user = cdk.Stack.of(self.payload_bucket), cdk.Stack.of(role)
        resolved = user.resolve(arn)
        if owner is not user and isinstance(resolved, dict) and "Fn::GetAtt" in resolved:
            arn = owner.export_value(arn)  # as what it will be once the stacks are written
        acknowledge_wildcard(
            role,
            f"{arn}/{prefix}*",
            f"Objects below {prefix} get their names at run time; the prefix is as narrow as it gets.",
        )

    def _payloads(self, agents: Iterable[Agent[Any, Any]]) -> s3.Bucket:
        # S3 delivers access logs to no bucket with a KMS key.
        access_logs = self._bucket("AccessLogs", encryption=s3.BucketEncryption.S3_MANAGED)
        access_logs.add_lifecycle_rule(id="expire", expiration=_ACCESS_LOGS_KEPT)
        acknowledge(access_logs, "AwsSolutions-S1", "This bucket takes the access logs; logging itself never ends.")

        key = self.encryption_key
        payloads = self._bucket(
            "Payloads",
            encryption=s3.BucketEncryption.S3_MANAGED if key is None else s3.BucketEncryption.KMS,
            encryption_key=key,
            bucket_key_enabled=None if key is None else True,
            server_access_logs_bucket=access_logs,
        )
        expirations = {RESULTS: _INPUTS_KEPT, DEAD_LETTER_INPUTS: _INPUTS_KEPT}
        expirations |= {one.prefix: cdk.Duration.days(one.kept.days) for one in stored_objects(agents)}
        for prefix, kept in sorted(expirations.items()):
            payloads.add_lifecycle_rule(id=f"expire-{prefix.rstrip('/')}", prefix=prefix, expiration=kept)
        payloads.add_lifecycle_rule(
            id="abort-incomplete-uploads", abort_incomplete_multipart_upload_after=cdk.Duration.days(1)
        )
        return payloads

    def _bucket(self, construct_id: str, **options: Any) -> s3.Bucket:
        return s3.Bucket(
            self,
            construct_id,
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            object_ownership=s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
            enforce_ssl=True,
            minimum_tls_version=1.2,
            removal_policy=(
                cdk.RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE
                if self.settings.retains_payloads
                else cdk.RemovalPolicy.DESTROY
            ),
            **options,
        )

    def _table(self, construct_id: str, *, key: str, expires: str | None = None) -> dynamodb.Table:
        encryption = self.encryption_key
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
            removal_policy=cdk.RemovalPolicy.RETAIN if self.settings.retains_records else cdk.RemovalPolicy.DESTROY,
        )
