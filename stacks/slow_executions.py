"""An alarm about executions that come close to their timeout."""

from typing import Final

import aws_cdk as cdk
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_sns as sns
from constructs import Construct

from stepweave.cdk import WorkflowStateMachine

_SHARE_OF_TIMEOUT: Final = 0.8


class SlowExecutions(Construct):
    """An alarm that begins when an execution takes more than four fifths of the time that its workflow allows.

    Inputs grow: it tells before the first execution fails for want of time.

    Parameters
    ----------
    machine : WorkflowStateMachine
        The workflow in AWS.
    alarm_topic_arn : str | None
        The SNS topic that is notified; the alarm only shows in the console if None.
    """

    def __init__(
        self, scope: Construct, construct_id: str, *, machine: WorkflowStateMachine, alarm_topic_arn: str | None
    ) -> None:
        super().__init__(scope, construct_id)
        allowed = machine.workflow.dag.timeout
        alarm = cloudwatch.Alarm(
            self,
            "Alarm",
            alarm_description=f"Executions of {machine.workflow.name} come close to their timeout of {allowed}",
            metric=machine.state_machine.metric_time(period=cdk.Duration.minutes(15), statistic="Maximum"),
            threshold=allowed.total_seconds() * 1000 * _SHARE_OF_TIMEOUT,
            evaluation_periods=1,
            comparison_operator=cloudwatch.ComparisonOperator.GREATER_THAN_THRESHOLD,
            treat_missing_data=cloudwatch.TreatMissingData.NOT_BREACHING,
        )
        if alarm_topic_arn is not None:
            alarm.add_alarm_action(actions.SnsAction(sns.Topic.from_topic_arn(self, "Topic", alarm_topic_arn)))
