"""Alarms change their state by what is measured, and act.

Upstream defects: an alarm is OK from the beginning and stays so whatever is measured, and its actions are never taken.
"""

from __future__ import annotations

import itertools
import json
import logging
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from botocore.exceptions import ClientError
from moto.cloudwatch.exceptions import ValidationError
from moto.cloudwatch.models import Alarm, CloudWatchBackend, cloudwatch_backends
from moto.cloudwatch.responses import CloudWatchResponse
from moto.core.responses import ActionResult

from stepweave.local_cloud.adapters.cloudwatch.alarm_messages import function_event, notification, state_change
from stepweave.local_cloud.adapters.cloudwatch.metric_api import StoreOf, check_queries
from stepweave.local_cloud.adapters.patch import added, replaced
from stepweave.local_cloud.adapters.refused_operations import UnsupportedError
from stepweave.local_cloud.adapters.step_functions import engine_time
from stepweave.local_cloud.events.delivery import Clients
from stepweave.local_cloud.events.retried_calls import RetriedCalls
from stepweave.local_cloud.events.scheduler import Scheduler
from stepweave.local_cloud.metrics.alarm_rule import AlarmRuleError, alarms_of, holds
from stepweave.local_cloud.metrics.alarm_state import (
    ALARM,
    COMPARISONS,
    INSUFFICIENT_DATA,
    OK,
    SPARE_PERIODS,
    Criterion,
)
from stepweave.local_cloud.metrics.datum import Metric
from stepweave.local_cloud.metrics.expression import ExpressionError
from stepweave.local_cloud.metrics.query import MetricQuery, query_values
from stepweave.local_cloud.permissions.callers import ServiceCaller, acting_as
from stepweave.local_cloud.schedules.occurrences import CountedRate

_LOG = logging.getLogger(__name__)
_MINUTE: Final = timedelta(minutes=1)


class Alarms:
    """Evaluates alarms, each minute and whenever one of their metrics is measured.

    Parameters
    ----------
    store_of
        Gives what was measured in a region.
    sample
        Measures what is to be measured each minute.
    clients
        What actions are taken with.
    """

    def __init__(self, store_of: StoreOf, sample: Callable[[], None], clients: Clients) -> None:
        self._store_of = store_of
        self._sample = sample
        self._clients = clients
        self._calls = RetriedCalls("alarms")
        self._scheduler = Scheduler(engine_time.now, engine_time.wait_unawaited)
        now = engine_time.now()
        first = now.replace(second=0, microsecond=0) + _MINUTE
        self._scheduler.put("alarms", CountedRate(_MINUTE, first), lambda _: self._calls.put_once(self._evaluate_all))

    def watch(self, region: str) -> None:
        """Evaluate the alarms of a region when what they watch is measured."""
        self._store_of(region).on_change = lambda metrics: self._changed(region, metrics)

    def evaluate_soon(self, alarm: Alarm) -> None:
        """Evaluate an alarm that was made or changed."""
        self._calls.put_once(lambda: self._evaluate(alarm))

    def act(self, alarm: Alarm, old_state: str, old_reason: str, old_time: datetime) -> None:
        """Take the actions of an alarm that has changed its state."""
        self._tell_bus(alarm, old_state, old_reason, old_time)
        for other in list(_backend(alarm).alarms.values()):
            if other.rule:
                self.evaluate_soon(other)
        actions = {ALARM: alarm.alarm_actions, OK: alarm.ok_actions}.get(
            alarm.state_value, alarm.insufficient_data_actions
        )
        for arn in actions if alarm.actions_enabled else ():
            try:
                self._take(arn, alarm, old_state, old_reason, old_time)
            except ClientError as error:
                _LOG.warning("the alarm %s could not notify %s: %s", alarm.name, arn, error)

    def stop(self) -> None:
        """Evaluate no more."""
        self._calls.stop()

    def close(self) -> None:
        """Evaluate no more, and end the threads."""
        self._scheduler.close()
        self._calls.close()

    def _changed(self, region: str, metrics: set[Metric]) -> None:
        for account in list(cloudwatch_backends.values()):
            backend = account.get(region)
            for alarm in list(backend.alarms.values()) if backend is not None else ():
                if not alarm.rule and any(query.metric in metrics for query in alarm_queries(alarm)):
                    self.evaluate_soon(alarm)

    def _evaluate_all(self) -> None:
        self._sample()
        for account in list(cloudwatch_backends.values()):
            for backend in list(account.values()):
                for alarm in list(backend.alarms.values()):
                    self._evaluate(alarm)

    def _evaluate(self, alarm: Alarm) -> None:
        if _backend(alarm).alarms.get(alarm.name) is not alarm:
            return
        state, reason = self._composite_state(alarm) if alarm.rule else self._state(alarm)
        if state != alarm.state_value:
            old = alarm.state_value, alarm.state_reason, alarm.state_updated_timestamp
            _update(alarm, reason, "{}", state)
            self.act(alarm, *old)

    def _state(self, alarm: Alarm) -> tuple[str, str]:
        queries, criterion = alarm_queries(alarm), _criterion(alarm)
        period = max(query.period for query in queries)
        now = engine_time.now().timestamp()
        current = now // period * period
        count = criterion.periods + SPARE_PERIODS
        starts = [current - number * period for number in range(count, -1, -1)]
        try:
            values = query_values(self._store_of(alarm.region_name), queries, starts[0], now + 1)
        except ExpressionError as error:
            return INSUFFICIENT_DATA, str(error)
        found = values[next(query.id for query in queries if query.returns_data)]
        series = found[0] if isinstance(found, list) else found
        # The period that goes on counts as soon as there is something in it.
        considered = starts[1:] if current in series else starts[:-1]
        return criterion.state([(at, series.get(at)) for at in considered], alarm.state_value)

    def _composite_state(self, alarm: Alarm) -> tuple[str, str]:
        alarms = _backend(alarm).alarms

        def state_of(name: str) -> str:
            other = alarms.get(name.rpartition(":alarm:")[2])
            return other.state_value if other is not None else ""

        state = ALARM if holds(alarm.rule or "", state_of) else OK
        return state, f"{alarm.alarm_arn} transitioned to {state} by its rule {alarm.rule}"

    def _take(self, arn: str, alarm: Alarm, old_state: str, old_reason: str, old_time: datetime) -> None:
        region, principal = arn.split(":")[3], "cloudwatch" if ":sns:" in arn else "lambda.alarms.cloudwatch"
        alarms = ServiceCaller(f"{principal}.amazonaws.com", alarm.alarm_arn, alarm.alarm_arn.split(":")[4])
        with acting_as(alarms):
            if ":sns:" in arn:
                subject, text = notification(alarm, old_state)
                self._clients.client(region, "sns").publish(TopicArn=arn, Subject=subject, Message=text)
            else:
                payload = json.dumps(function_event(alarm, old_state, old_reason, old_time)).encode()
                self._clients.client(region, "lambda").invoke(FunctionName=arn, InvocationType="Event", Payload=payload)

    def _tell_bus(self, alarm: Alarm, old_state: str, old_reason: str, old_time: datetime) -> None:
        from moto.events.models import events_backends  # noqa: PLC0415 - most alarms have no rule to tell

        region, account = alarm.alarm_arn.split(":")[3:5]
        rules = list(events_backends[account][region].event_buses["default"].rules.values())
        for rule in rules:
            rule.send_to_targets(state_change(alarm, old_state, old_reason, old_time))


@contextmanager
def evaluated_alarms(store_of: StoreOf, sample: Callable[[], None], clients: Clients) -> Iterator[Alarms]:
    """Evaluate alarms until the context ends.

    Parameters
    ----------
    store_of
        Gives what was measured in a region.
    sample
        Measures what is to be measured each minute.
    clients
        What actions are taken with.
    """
    alarms = Alarms(store_of, sample, clients)
    upstream_put, upstream_set = CloudWatchBackend.put_metric_alarm, CloudWatchBackend.set_alarm_state

    def put_metric_alarm(self: Any, name: str, *arguments: Any, **settings: Any) -> Alarm:
        known = self.alarms.get(name)
        made: Alarm = upstream_put(self, name, *arguments, **settings)
        try:
            _check(made)
        except Exception:
            self.alarms.pop(name)
            if known is not None:
                self.alarms[name] = known
            raise
        now = engine_time.now().replace(tzinfo=None)
        made.configuration_updated_timestamp = made.state_updated_timestamp = now
        made.state_value = INSUFFICIENT_DATA
        if known is not None:
            made.state_value, made.state_reason = known.state_value, known.state_reason
            made.state_updated_timestamp, made.history = known.state_updated_timestamp, known.history
        alarms.watch(self.region_name)
        alarms.evaluate_soon(made)
        return made

    def set_alarm_state(self: Any, alarm_name: str, reason: str, reason_data: str, state_value: str) -> None:
        alarm = self.alarms.get(alarm_name)
        old = (alarm.state_value, alarm.state_reason, alarm.state_updated_timestamp) if alarm is not None else None
        upstream_set(self, alarm_name, reason, reason_data, state_value)
        if alarm is not None and old is not None and old[0] != state_value:
            alarm.state_updated_timestamp = engine_time.now().replace(tzinfo=None)
            alarms.act(alarm, *old)

    def describe_alarm_history(self: Any) -> ActionResult:
        wanted, kind = self._get_param("AlarmName"), self._get_param("HistoryItemType")
        items = [
            {
                "AlarmName": alarm.name,
                "AlarmType": "CompositeAlarm" if alarm.rule else "MetricAlarm",
                "HistoryItemType": "StateUpdate",
                "HistorySummary": f"Alarm updated from {old} to {new}",
                "HistoryData": json.dumps(
                    {
                        "version": "1.0",
                        "oldState": {"stateValue": old, "stateReason": old_reason},
                        "newState": {"stateValue": new, "stateReason": reason},
                    }
                ),
                "Timestamp": at,
            }
            for alarm in self.cloudwatch_backend.alarms.values()
            for old, old_reason, new, reason, at in _changes(alarm)
            if wanted in {None, alarm.name} and kind in {None, "StateUpdate"}
        ]
        is_ascending = self._get_param("ScanBy") == "TimestampAscending"
        items.sort(key=lambda item: item["Timestamp"], reverse=not is_ascending)
        return ActionResult({"AlarmHistoryItems": items})

    with ExitStack() as patches:
        patches.callback(alarms.close)
        patches.enter_context(replaced(CloudWatchBackend, "put_metric_alarm", put_metric_alarm))
        patches.enter_context(replaced(CloudWatchBackend, "set_alarm_state", set_alarm_state))
        patches.enter_context(added(CloudWatchResponse, "describe_alarm_history", describe_alarm_history))
        # Upstream's own operation reads an alarm's rule, but is not called by this name.
        put_alarm = CloudWatchResponse.put_metric_alarm
        patches.enter_context(added(CloudWatchResponse, "put_composite_alarm", put_alarm))
        yield alarms


def alarm_queries(alarm: Alarm) -> list[MetricQuery]:
    """The queries whose values an alarm looks at."""
    if not alarm.metric_data_queries:
        dimensions = [(str(each.name), str(each.value)) for each in alarm.dimensions]
        metric = Metric.of(alarm.namespace, alarm.metric_name, dimensions)
        statistic = alarm.extended_statistic or alarm.statistic
        return [MetricQuery("m", metric, statistic, int(alarm.period), alarm.unit)]
    queries = []
    for each in alarm.metric_data_queries:
        settings: dict[str, Any] = {"Id": each.id, "ReturnData": each.return_data, "Expression": each.expression}
        if each.metric_stat is not None:
            metric = each.metric_stat.metric
            settings["MetricStat"] = {
                "Metric": {
                    "Namespace": metric.namespace,
                    "MetricName": metric.metric_name,
                    "Dimensions": [{"Name": pair.name, "Value": pair.value} for pair in metric.dimensions],
                },
                "Period": each.metric_stat.period,
                "Stat": each.metric_stat.stat,
                "Unit": each.metric_stat.unit,
            }
        queries.append(MetricQuery.of_settings(settings))
    return queries


def _criterion(alarm: Alarm) -> Criterion:
    periods = int(alarm.evaluation_periods)
    return Criterion(
        alarm.comparison_operator,
        float(alarm.threshold),
        periods,
        int(alarm.datapoints_to_alarm or periods),
        alarm.treat_missing_data or "missing",
    )


def _check(alarm: Alarm) -> None:
    """Refuse what cannot be evaluated, or be done."""
    for arn in [*alarm.alarm_actions, *alarm.ok_actions, *alarm.insufficient_data_actions]:
        if ":sns:" not in arn and ":lambda:" not in arn:
            raise UnsupportedError(f"an alarm's action {arn}; it can notify topics and functions")
    if alarm.rule:
        try:
            alarms_of(alarm.rule)
        except AlarmRuleError as error:
            raise ValidationError(str(error)) from error
        return
    if alarm.threshold_metric_id or alarm.comparison_operator not in COMPARISONS:
        raise UnsupportedError(f"an alarm by anomaly detection ({alarm.comparison_operator})")
    queries = alarm_queries(alarm)
    if sum(query.returns_data for query in queries) != 1:
        raise ValidationError("Exactly one element of the metrics list should return data.")
    check_queries(queries)


def _backend(alarm: Alarm) -> CloudWatchBackend:
    region, account = alarm.alarm_arn.split(":")[3:5]
    backend: CloudWatchBackend = cloudwatch_backends[account][region]
    return backend


def _update(alarm: Alarm, reason: str, reason_data: str, state: str) -> None:
    alarm.update_state(reason, reason_data, state)
    alarm.state_updated_timestamp = engine_time.now().astimezone(UTC).replace(tzinfo=None)


def _changes(alarm: Alarm) -> Iterator[tuple[str, str, str, str, datetime]]:
    """The changes of an alarm's state: from what, to what, why and when."""
    states = [(entry[3], entry[1], entry[4]) for entry in alarm.history]
    states.append((alarm.state_value, alarm.state_reason, alarm.state_updated_timestamp))
    for (old, old_reason, _), (new, reason, at) in itertools.pairwise(states):
        yield old, old_reason, new, reason, at
