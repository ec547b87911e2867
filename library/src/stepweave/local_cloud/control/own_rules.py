"""The rules and schedules that a test has put itself: they would fire, and match, in later tests too."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, NamedTuple

_RULE: Final = "AWS::Events::Rule"
_SCHEDULE: Final = "AWS::Scheduler::Schedule"


class _Own(NamedTuple):
    """A rule of a bus, or a schedule of a group."""

    kind: str
    group: str
    name: str


class OwnRules:
    """Deletes the rules of EventBridge and the schedules that have come since the test began, but for those of stacks.

    What was there before is not the test's: a fixture of its module may have put it.

    Parameters
    ----------
    client : Callable[[str], Any]
        Returns the boto3 client of a service.
    """

    def __init__(self, client: Callable[[str], Any]) -> None:
        self._client = client
        self._kept: set[_Own] = set()

    def begin(self) -> None:
        """Remember what is there."""
        self._kept = self._existing()

    def delete(self) -> None:
        """Delete the test's rules, with their targets, of all buses, and its schedules of all groups."""
        come = self._existing() - self._kept
        of_stacks = self._of_stacks() if come else set()
        for one in come:
            if (one.kind, one.name) in of_stacks:
                continue
            if one.kind == _SCHEDULE:
                self._client("scheduler").delete_schedule(Name=one.name, GroupName=one.group)
            else:
                self._delete_rule(one.name, one.group)

    def _delete_rule(self, name: str, bus: str) -> None:
        events = self._client("events")
        targets = events.list_targets_by_rule(Rule=name, EventBusName=bus)["Targets"]
        if targets:
            events.remove_targets(Rule=name, EventBusName=bus, Ids=[target["Id"] for target in targets])
        events.delete_rule(Name=name, EventBusName=bus)

    def _existing(self) -> set[_Own]:
        events, scheduler = self._client("events"), self._client("scheduler")
        rules = {
            _Own(_RULE, bus["Name"], rule["Name"])
            for bus in events.list_event_buses()["EventBuses"]
            for page in events.get_paginator("list_rules").paginate(EventBusName=bus["Name"])
            for rule in page["Rules"]
            if "ManagedBy" not in rule
        }
        schedules = {
            _Own(_SCHEDULE, schedule["GroupName"], schedule["Name"])
            for page in scheduler.get_paginator("list_schedules").paginate()
            for schedule in page["Schedules"]
        }
        return rules | schedules

    def _of_stacks(self) -> set[tuple[str, str]]:
        cloudformation = self._client("cloudformation")
        return {
            (resource["ResourceType"], resource["PhysicalResourceId"].rpartition("|")[2])
            for stacks in cloudformation.get_paginator("describe_stacks").paginate()
            for stack in stacks["Stacks"]
            for page in cloudformation.get_paginator("list_stack_resources").paginate(StackName=stack["StackName"])
            for resource in page["StackResourceSummaries"]
            if "PhysicalResourceId" in resource
        }
