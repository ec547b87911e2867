"""Schedules of EventBridge Scheduler invoke their targets.

Upstream defects: no schedule ever does; whatever is given for a time, a zone or a target is taken; a group that does
not exist is an internal error, and one that does is made anew; an update forgets the state, and what is to be done
after the last invocation.
"""

from __future__ import annotations

import logging
import random
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from functools import partial
from typing import Any, Final

from botocore.exceptions import ClientError
from moto.core.exceptions import JsonRESTError
from moto.scheduler.exceptions import ScheduleGroupNotFound, ValidationException
from moto.scheduler.models import EventBridgeSchedulerBackend, scheduler_backends
from moto.scheduler.models import Schedule as UpstreamSchedule
from moto.scheduler.responses import EventBridgeSchedulerResponse

from stepweave.local_cloud.adapters.patch import replaced
from stepweave.local_cloud.adapters.scheduler.targets import ScheduleTargets, check_target
from stepweave.local_cloud.adapters.step_functions import engine_time
from stepweave.local_cloud.events.delivery import Clients
from stepweave.local_cloud.events.retried_calls import FIRST_RETRY_SECONDS, GivenUp, RetriedCalls, RetryPolicy
from stepweave.local_cloud.events.schedule import Schedule, ScheduleError
from stepweave.local_cloud.events.scheduler import Scheduler
from stepweave.local_cloud.schedules.occurrences import TimeZoneError, occurrences
from stepweave.local_cloud.schedules.payload import Invocation

_LOG = logging.getLogger(__name__)
_DEFAULT_GROUP: Final = "default"


class Schedules:
    """The schedules that are followed, by ARN.

    Parameters
    ----------
    clients
        What the targets' services are called with.
    first_retry_seconds
        The wait before an invocation is tried again for the first time.
    """

    def __init__(self, clients: Clients, first_retry_seconds: float = FIRST_RETRY_SECONDS) -> None:
        self._targets = ScheduleTargets(clients)
        self._calls = RetriedCalls("schedules", first_retry_seconds)
        self._scheduler = Scheduler(engine_time.now, engine_time.wait_unawaited)

    def follow(self, schedule: UpstreamSchedule) -> None:
        """Do what a schedule says now, which was made or changed."""
        if schedule.state == "DISABLED":
            self._scheduler.remove(schedule.arn)
        else:
            times = _times(vars(schedule))
            self._scheduler.put(schedule.arn, times, partial(self._fire, schedule, times))

    def forget(self, schedule: UpstreamSchedule) -> None:
        """Follow a schedule no more."""
        self._scheduler.remove(schedule.arn)

    def stop(self) -> None:
        """Begin no more invocations."""
        self._calls.stop()

    def close(self) -> None:
        """Invoke no more."""
        self._scheduler.close()
        self._calls.close()

    def _fire(self, schedule: UpstreamSchedule, times: Schedule, at: datetime) -> None:
        target, invocation = schedule.target, Invocation(schedule.arn, at)
        is_last = times.next_after(at) is None

        def invoke(retries: int) -> None:
            text = invocation.payload(target.get("Input"), retries + 1)
            self._targets.invoke(target, invocation, text)
            self._end(schedule, is_last=is_last)

        def give_up(given_up: GivenUp) -> None:
            self._dead_letter(target, invocation, given_up)
            self._end(schedule, is_last=is_last)

        window = schedule.flexible_time_window.get("MaximumWindowInMinutes") or 0
        delay = random.uniform(0, window * 60)  # noqa: S311 - where in the window is not secret
        self._calls.put(invoke, give_up, RetryPolicy.of_settings(target.get("RetryPolicy")), delay)

    def _end(self, schedule: UpstreamSchedule, *, is_last: bool) -> None:
        region, account = schedule.arn.split(":")[3:5]
        group = scheduler_backends[account][region].schedule_groups.get(schedule.group_name)
        if is_last and schedule.action_after_completion == "DELETE" and group is not None:
            group.schedules.pop(schedule.name, None)

    def _dead_letter(self, target: Mapping[str, Any], invocation: Invocation, given_up: GivenUp) -> None:
        queue = (target.get("DeadLetterConfig") or {}).get("Arn")
        _LOG.debug("%s could not invoke %s: %s", invocation.schedule_arn, target["Arn"], given_up.error)
        if queue is None:
            return
        cause = given_up.error.__cause__
        attributes = {
            "SCHEDULE_ARN": invocation.schedule_arn,
            "TARGET_ARN": str(target["Arn"]),
            "SCHEDULED_TIME": invocation.scheduled_time,
            "EXECUTION_ID": invocation.execution_id,
            "ERROR_CODE": cause.response["Error"]["Code"] if isinstance(cause, ClientError) else given_up.error.code,
            "ERROR_MESSAGE": str(given_up.error),
            "EXHAUSTED_RETRY_CONDITION": given_up.exhausted,
            "RETRY_ATTEMPTS": str(given_up.retries),
            "IS_PAYLOAD_TRUNCATED": "false",
        }
        body = invocation.payload(target.get("Input"), given_up.retries + 1)
        try:
            self._targets.send_dead_letter(target, invocation.schedule_arn, body, attributes)
        except ClientError as failure:
            _LOG.warning("%s could not send an event to %s: %s", invocation.schedule_arn, queue, failure)


@contextmanager
def invoked_schedules(  # noqa: C901 - one function for each of upstream's
    clients: Clients, first_retry_seconds: float = FIRST_RETRY_SECONDS
) -> Iterator[Schedules]:
    """Invoke what is scheduled until the context ends.

    Parameters
    ----------
    clients
        What the targets' services are called with.
    first_retry_seconds
        The wait before an invocation is tried again for the first time.
    """
    backend = EventBridgeSchedulerBackend
    schedules = Schedules(clients, first_retry_seconds)
    upstream_create, upstream_update = backend.create_schedule, backend.update_schedule
    upstream_delete, upstream_delete_group = backend.delete_schedule, backend.delete_schedule_group
    upstream_create_group, upstream_respond = (
        backend.create_schedule_group,
        EventBridgeSchedulerResponse.update_schedule,
    )

    def create_schedule(self: Any, **settings: Any) -> UpstreamSchedule:
        self.get_schedule_group(settings.get("group_name"))
        _check(settings)
        schedule: UpstreamSchedule = upstream_create(self, **settings)
        schedules.follow(schedule)
        return schedule

    def update_schedule(self: Any, **settings: Any) -> UpstreamSchedule:
        _check(settings)
        schedule: UpstreamSchedule = upstream_update(self, **settings)
        schedule.state = settings.get("state") or "ENABLED"
        schedules.follow(schedule)
        return schedule

    def respond_to_update(self: Any) -> str:
        answer: str = upstream_respond(self)
        name = self.uri.split("?")[0].split("/")[-1]
        updated = self.scheduler_backend.get_schedule(self._get_param("GroupName"), name)
        updated.action_after_completion = self._get_param("ActionAfterCompletion")
        return answer

    def delete_schedule(self: Any, group_name: str | None, name: str) -> None:
        schedules.forget(self.get_schedule(group_name, name))
        upstream_delete(self, group_name, name)

    def create_schedule_group(self: Any, name: str, tags: list[dict[str, str]]) -> Any:
        if name in self.schedule_groups:
            raise JsonRESTError("ConflictException", f"Schedule group {name} already exists.")
        return upstream_create_group(self, name, tags or [])

    def delete_schedule_group(self: Any, name: str | None) -> None:
        if name == _DEFAULT_GROUP:
            raise ValidationException("The default schedule group cannot be deleted.")
        if name not in self.schedule_groups:
            raise ScheduleGroupNotFound(str(name))
        for schedule in self.schedule_groups[name].schedules.values():
            schedules.forget(schedule)
        upstream_delete_group(self, name)

    with ExitStack() as patches:
        patches.callback(schedules.close)
        for replacement in (
            create_schedule,
            update_schedule,
            delete_schedule,
            create_schedule_group,
            delete_schedule_group,
        ):
            patches.enter_context(replaced(backend, replacement.__name__, replacement))
        patches.enter_context(replaced(EventBridgeSchedulerResponse, "update_schedule", respond_to_update))
        yield schedules


def _check(settings: Mapping[str, Any]) -> None:
    """Refuse what AWS refuses of a schedule's settings."""
    start, end = _moment(settings.get("start_date")), _moment(settings.get("end_date"))
    if start is not None and end is not None and end <= start:
        raise ValidationException("The EndDate must be after the StartDate.")
    try:
        _times(settings)
    except TimeZoneError as error:
        raise ValidationException(f"Invalid Schedule Expression Timezone {error}.") from error
    except ScheduleError as error:
        raise ValidationException(f"Invalid Schedule Expression {settings['schedule_expression']}.") from error
    window = settings.get("flexible_time_window") or {}
    minutes = window.get("MaximumWindowInMinutes")
    if (window.get("Mode") == "FLEXIBLE") != (minutes is not None):
        raise ValidationException("MaximumWindowInMinutes goes with the mode FLEXIBLE of FlexibleTimeWindow, and only.")
    check_target(settings.get("target") or {})


def _times(settings: Mapping[str, Any]) -> Schedule:
    return occurrences(
        settings["schedule_expression"],
        settings.get("schedule_expression_timezone") or "UTC",
        engine_time.now(),
        _moment(settings.get("start_date")),
        _moment(settings.get("end_date")),
    )


def _moment(given: Any) -> datetime | None:
    if given is None:
        return None
    if isinstance(given, int | float):
        return datetime.fromtimestamp(given, UTC)
    moment = datetime.fromisoformat(str(given))
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
