"""The log of what circuit breakers do, as they tell it on the event bus."""

from typing import cast

import aws_cdk as cdk
from aws_cdk import aws_events as events
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_logs as logs
from constructs import Construct

from stepweave.cdk.acknowledgement import acknowledge
from stepweave.cdk.dead_letter_queue import DeadLetterQueue
from stepweave.cdk.expiring_log import ExpiringLog
from stepweave.cdk.queue_alarm import alarm_on_messages
from stepweave.cdk.settings import Settings
from stepweave.contract import breaker

_DELIVERED_WITHIN = cdk.Duration.hours(24)
_DELIVERY_ATTEMPTS = 185  # as many as fit into that time


def log_transitions(scope: Construct, bus: events.IEventBus, settings: Settings, key: kms.IKey | None) -> None:
    """Write what breakers tell on a bus into a log; what cannot be written waits in a queue, and an alarm says so.

    The policy that lets EventBridge write belongs to the log group itself: an account has ten policies of its own
    in each region, and every environment would take one of them.

    Parameters
    ----------
    scope : Construct
        Where the log belongs.
    bus : events.EventBus
        The bus.
    settings : Settings
        What was chosen about the deployment.
    key : kms.IKey | None
        What encrypts the log and the queue, if not keys of AWS.
    """
    stack = cdk.Stack.of(scope)
    # Not the log group's own attribute: that ends with ":*", which a rule does not take.
    name = settings.names.transitions_log
    log_arn = stack.format_arn(
        service="logs", resource="log-group", resource_name=name, arn_format=cdk.ArnFormat.COLON_RESOURCE_NAME
    )
    log = ExpiringLog(scope, "Transitions", name=name, settings=settings, key=key, days=90)
    rules = stack.format_arn(service="events", resource="rule", resource_name=f"{bus.event_bus_name}/*")
    cast("logs.CfnLogGroup", log.node.default_child).resource_policy_document = _policy(log_arn, rules)

    undelivered = DeadLetterQueue(scope, "UndeliveredTransitions", settings=settings, key=key)
    acknowledge(undelivered, "AwsSolutions-SQS3", "This queue is a dead-letter queue itself; people read it.")
    rule = events.CfnRule(
        scope,
        "TransitionsRule",
        description="Circuit breakers that opened or closed",
        event_bus_name=bus.event_bus_name,
        event_pattern={"source": [breaker.EVENT_SOURCE]},
        state="ENABLED",
        targets=[
            events.CfnRule.TargetProperty(
                arn=log_arn,
                id="log",
                dead_letter_config=events.CfnRule.DeadLetterConfigProperty(arn=undelivered.queue_arn),
                retry_policy=events.CfnRule.RetryPolicyProperty(
                    maximum_event_age_in_seconds=_DELIVERED_WITHIN.to_seconds(),
                    maximum_retry_attempts=_DELIVERY_ATTEMPTS,
                ),
            )
        ],
    )
    rule.node.add_dependency(log)
    undelivered.add_to_resource_policy(
        iam.PolicyStatement(
            actions=["sqs:SendMessage"],
            principals=[iam.ServicePrincipal("events.amazonaws.com")],
            resources=[undelivered.queue_arn],
            conditions={"ArnEquals": {"aws:SourceArn": rule.attr_arn}},
        )
    )
    alarm_on_messages(
        scope,
        "UndeliveredTransitionsAlarm",
        undelivered,
        "What circuit breakers tell did not reach its log",
        settings,
    )


def _policy(log_arn: str, rules: str) -> iam.PolicyDocument:
    principals = [iam.ServicePrincipal("events.amazonaws.com"), iam.ServicePrincipal("delivery.logs.amazonaws.com")]
    # CloudWatch Logs knows no source of a CreateLogStream: a condition on it would never hold.
    return iam.PolicyDocument(
        minimize=False,
        statements=[
            iam.PolicyStatement(
                actions=["logs:CreateLogStream"], principals=list(principals), resources=[f"{log_arn}:*"]
            ),
            iam.PolicyStatement(
                actions=["logs:PutLogEvents"],
                principals=list(principals),
                resources=[f"{log_arn}:*"],
                conditions={"ArnLike": {"aws:SourceArn": rules}},
            ),
        ],
    )
