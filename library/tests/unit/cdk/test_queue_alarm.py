"""Alarms can begin again while something lies in their queue."""

import pytest

from tests.unit.cdk.alarms import QueueHistory, alarms_of, notifications
from tests.unit.cdk.assembly import Assembly, Resource, Template

HOUR, DAY = 60, 24 * 60
WEEK = 7 * DAY


def watched(assembly: Assembly) -> list[tuple[Template, Resource]]:
    """Every queue about which there is an alarm."""
    return [
        (template, queue)
        for template in assembly.templates
        for queue in template.all("AWS::SQS::Queue")
        if alarms_of(template, queue)
    ]


def lying(minutes: int, since: int = 0) -> list[int]:
    """A poison letter that nobody takes out."""
    return [int(minute >= since) for minute in range(minutes)]


def told(template: Template, queue: Resource, history: QueueHistory) -> list[int]:
    """When people are told anything."""
    return sorted(at for alarm in alarms_of(template, queue) for at in notifications(alarm, history))


def test_queues_of_failures_are_watched_in_every_stack(assembly: Assembly) -> None:
    for template in assembly.templates:
        assert any(where is template for where, _ in watched(assembly))


def test_each_failure_is_told_while_a_poison_letter_lies_there(assembly: Assembly) -> None:
    arrivals = {0: 1, 5 * HOUR: 1, 9 * HOUR: 3, 21 * HOUR: 1}
    for template, queue in watched(assembly):
        history = QueueHistory(23 * HOUR, arrivals, lying(23 * HOUR))
        at = told(template, queue, history)
        assert len(at) == len(arrivals)
        assert all(0 < told_at - arrived <= 5 for told_at, arrived in zip(at, arrivals, strict=True))


def test_what_is_left_for_a_day_is_told_once_more_and_not_each_day(assembly: Assembly) -> None:
    for template, queue in watched(assembly):
        assert told(template, queue, QueueHistory(WEEK, {0: 1}, lying(WEEK))) == [5, DAY]


def test_looking_at_letters_tells_nobody_anything(assembly: Assembly) -> None:
    """Whoever reads a queue hides its messages meanwhile; `dlq list` does so, for half a minute."""
    waiting = lying(WEEK)
    for minute in range(2 * DAY, WEEK, 3 * HOUR):
        waiting[minute] = 0
    for template, queue in watched(assembly):
        assert told(template, queue, QueueHistory(WEEK, {0: 1}, waiting)) == [5, DAY]


def test_an_empty_queue_tells_nothing(assembly: Assembly) -> None:
    for template, queue in watched(assembly):
        assert told(template, queue, QueueHistory(WEEK, {}, [0] * WEEK)) == []


@pytest.mark.parametrize("failures", [2, 5, 100])
def test_a_storm_of_failures_is_told_once(assembly: Assembly, failures: int) -> None:
    for template, queue in watched(assembly):
        sent = {4 * minute: 1 for minute in range(failures)}
        minutes = 8 * HOUR
        assert told(template, queue, QueueHistory(minutes, sent, lying(minutes))) == [5]


def test_cloudwatch_takes_the_alarms(assembly: Assembly) -> None:
    for template in assembly.templates:
        for alarm in template.all("AWS::CloudWatch::Alarm"):
            period = alarm.properties["Period"]
            longest = WEEK if period >= 3600 else DAY
            assert alarm.properties["EvaluationPeriods"] * period <= longest * 60
