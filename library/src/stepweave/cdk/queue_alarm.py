"""Alarms that go off as soon as something waits in a queue for a person."""

import aws_cdk as cdk
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from stepweave.cdk.settings import Settings


def alarm_on_messages(
    scope: Construct, construct_id: str, queue: sqs.IQueue, description: str, settings: Settings
) -> None:
    """Add an alarm that goes off while messages wait in a queue; it notifies the settings' topic, if there is one.

    Parameters
    ----------
    scope : Construct
        Where the alarm belongs.
    construct_id : str
        What it is called there.
    queue : sqs.IQueue
        The queue.
    description : str
        What it means that a message waits.
    settings : Settings
        What was chosen about the deployment.
    """
    alarm = cloudwatch.Alarm(
        scope,
        construct_id,
        alarm_description=description,
        metric=queue.metric_approximate_number_of_messages_visible(period=cdk.Duration.minutes(1), statistic="Maximum"),
        threshold=1,
        evaluation_periods=1,
        comparison_operator=cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
        treat_missing_data=cloudwatch.TreatMissingData.NOT_BREACHING,
    )
    if settings.alarm_topic_arn is not None:
        topic = sns.Topic.from_topic_arn(scope, f"{construct_id}Topic", settings.alarm_topic_arn)
        alarm.add_alarm_action(actions.SnsAction(topic))
