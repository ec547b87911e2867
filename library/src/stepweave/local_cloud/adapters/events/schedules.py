"""Rules of EventBridge with a schedule fire.

Upstream defects: no schedule ever fires; and what is no schedule, as ``rate(1 minutes)`` or a cron expression of five
fields, is taken.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime
from typing import Any, Final

from moto.events.exceptions import ValidationException
from moto.events.models import EventsBackend, Rule, events_backends

from stepweave.local_cloud.adapters.events.rules import send_to_targets
from stepweave.local_cloud.adapters.patch import replaced
from stepweave.local_cloud.adapters.step_functions import engine_time
from stepweave.local_cloud.events.event import Event
from stepweave.local_cloud.events.router import EventRouter
from stepweave.local_cloud.events.schedule import ScheduleError, parse_schedule
from stepweave.local_cloud.events.scheduler import Scheduler

_BUS: Final = "default"  # the only one that takes schedules


@contextmanager
def event_schedules(router: EventRouter) -> Iterator[None]:
    """Fire what is scheduled until the context ends.

    Parameters
    ----------
    router
        Delivers the events.
    """
    rules = _ScheduledRules(router)
    upstream_put = EventsBackend.put_rule

    def put_rule(self: Any, name: str, *arguments: Any, **settings: Any) -> Rule:
        _check(settings.get("scheduled_expression"), settings.get("event_bus_arn"))
        return upstream_put(self, name, *arguments, **settings)

    with ExitStack() as adapters:
        adapters.callback(rules.close)
        adapters.enter_context(replaced(EventsBackend, "put_rule", _followed(put_rule, rules)))
        for name in ("delete_rule", "disable_rule", "enable_rule"):
            upstream = getattr(EventsBackend, name)
            adapters.enter_context(replaced(EventsBackend, name, _followed(upstream, rules)))
        yield


class _ScheduledRules:
    """The rules whose schedules are followed, by account, region and name."""

    def __init__(self, router: EventRouter) -> None:
        self._router = router
        self._scheduler = Scheduler(engine_time.now, engine_time.wait_unawaited)
        self._rules: dict[tuple[str, str, str], Rule] = {}

    def follow(self, account: str, region: str, name: str) -> None:
        """Do what a rule says now, which may have been made, changed or removed."""
        key = account, region, name
        rule = events_backends[account][region].event_buses[_BUS].rules.get(name)
        if rule is None or not rule.scheduled_expression or rule.state == "DISABLED":
            self._rules.pop(key, None)
            self._scheduler.remove(key)
        elif self._rules.get(key) is not rule:
            self._rules[key] = rule
            schedule = parse_schedule(rule.scheduled_expression)
            self._scheduler.put(key, schedule, functools.partial(self._fire, key))

    def close(self) -> None:
        """Fire no more."""
        self._scheduler.close()

    def _fire(self, key: tuple[str, str, str], at: datetime) -> None:
        account, region, name = key
        rule = events_backends[account][region].event_buses[_BUS].rules.get(name)
        if self._rules.get(key) is not rule or rule is None:
            return
        event = Event(
            source="aws.events",
            detail_type="Scheduled Event",
            detail={},
            account=account,
            region=region,
            resources=(rule.arn,),
            at=at.timestamp(),
        )
        send_to_targets(self._router, rule, event)


def _check(expression: str | None, bus: str | None) -> None:
    if not expression or (bus or _BUS).rpartition("/")[2] != _BUS:
        return  # upstream says what is wrong, if anything is
    try:
        parse_schedule(expression)
    except ScheduleError as error:
        raise ValidationException("Parameter ScheduleExpression is not valid.") from error


def _followed(operation: Callable[..., Any], rules: _ScheduledRules) -> Callable[..., Any]:
    """Return an operation on a rule after which its schedule is followed."""

    @functools.wraps(operation)
    def call(self: Any, name: str, *arguments: Any, **settings: Any) -> Any:
        answer = operation(self, name, *arguments, **settings)
        rules.follow(self.account_id, self.region_name, name)
        return answer

    return call
