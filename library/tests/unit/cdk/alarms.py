"""What the alarms of a template do when things happen in their queues: CloudWatch's rules, in small."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from tests.unit.cdk.assembly import Resource, Template

MINUTE = 60


@dataclass
class QueueHistory:
    """What CloudWatch sees of a queue, minute by minute.

    Parameters
    ----------
    minutes : int
        How long the queue is looked at.
    sent : dict of int to int
        How many messages arrived, by the minute.
    waiting : Sequence[int]
        How many could be received at each minute.
    """

    minutes: int
    sent: dict[int, int] = field(default_factory=dict)
    waiting: Sequence[int] = ()

    def datapoints(self, alarm: Resource) -> list[float]:
        """Return a value for each period of an alarm."""
        length = alarm.properties["Period"] // MINUTE
        starts = range(0, self.minutes, length)
        match alarm.properties["MetricName"], alarm.properties["Statistic"]:
            case "NumberOfMessagesSent", "Sum":
                return [sum(self.sent.get(minute, 0) for minute in range(at, at + length)) for at in starts]
            case "ApproximateNumberOfMessagesVisible", "Maximum":
                return [max(self.waiting[at : at + length], default=0) for at in starts]
        raise AssertionError(f"no reading of {alarm.properties}")


def alarms_of(template: Template, queue: Resource) -> list[Resource]:
    """Return the alarms about a queue."""
    dimension = {"Name": "QueueName", "Value": {"Fn::GetAtt": [queue.id, "QueueName"]}}
    return [
        alarm for alarm in template.all("AWS::CloudWatch::Alarm") if alarm.properties.get("Dimensions") == [dimension]
    ]


def notifications(alarm: Resource, history: QueueHistory) -> list[int]:
    """Return the minutes at which an alarm begins, which is when it notifies."""
    assert alarm.properties["ComparisonOperator"] == "GreaterThanOrEqualToThreshold"
    assert alarm.properties["TreatMissingData"] == "notBreaching"
    looked_at = alarm.properties["EvaluationPeriods"]
    needed = alarm.properties.get("DatapointsToAlarm", looked_at)
    length = alarm.properties["Period"] // MINUTE
    breaching = [value >= alarm.properties["Threshold"] for value in history.datapoints(alarm)]
    begun: list[int] = []
    lasts = False
    for index in range(len(breaching)):
        is_alarm = sum(breaching[max(0, index - looked_at + 1) : index + 1]) >= needed
        if is_alarm and not lasts:
            begun.append((index + 1) * length)
        lasts = is_alarm
    return begun
