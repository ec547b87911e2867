"""Alarms about queues in which things wait for a person."""

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
    """Add two alarms to a queue: one each time messages arrive, and one when some have waited for a day.

    An alarm notifies when it begins, not while it lasts. One on what *waits* in the queue would last as long as its
    oldest message, which can be two weeks, and be silent about all that arrives meanwhile; and whoever looks at the
    messages hides them, which would end it and begin it again. So the first alarm is on what *arrives*. It ends a
    quarter of an hour after the last arrival and is ready for the next one. The second one reminds people of what
    they left: SQS deletes it after 14 days, and an execution cannot be redriven for longer.

    Parameters
    ----------
    scope : Construct
        Where the alarms belong.
    construct_id : str
        What the first is called there; the second has ``Backlog`` behind that.
    queue : sqs.IQueue
        The queue. What it holds was sent to it: SQS does not count what its own redrive policy moves.
    description : str
        What it means that a message arrives.
    settings : Settings
        What was chosen about the deployment: the topic that is notified, if there is one.
    """
    arrived = cloudwatch.Alarm(
        scope,
        construct_id,
        alarm_description=description,
        metric=queue.metric_number_of_messages_sent(period=cdk.Duration.minutes(5), statistic="Sum"),
        threshold=1,
        # The metrics of a queue that was idle for six hours can be 15 minutes late: look back as far.
        evaluation_periods=3,
        datapoints_to_alarm=1,
        comparison_operator=cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
        treat_missing_data=cloudwatch.TreatMissingData.NOT_BREACHING,
    )
    waiting = cloudwatch.Alarm(
        scope,
        f"{construct_id}Backlog",
        alarm_description=f"{description}, and nobody has dealt with it for a day",
        # By number and not by age: SQS takes no account of the age of what was received three times.
        metric=queue.metric_approximate_number_of_messages_visible(period=cdk.Duration.hours(1), statistic="Maximum"),
        threshold=1,
        evaluation_periods=24,
        comparison_operator=cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
        treat_missing_data=cloudwatch.TreatMissingData.NOT_BREACHING,
    )
    if settings.alarm_topic_arn is not None:
        topic = sns.Topic.from_topic_arn(scope, f"{construct_id}Topic", settings.alarm_topic_arn)
        for alarm in (arrived, waiting):
            alarm.add_alarm_action(actions.SnsAction(topic))
