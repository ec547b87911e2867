"""The rules of EventBridge that a test has put itself: they would fire, and match, in later tests too."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

_RULE: Final = "AWS::Events::Rule"


class OwnRules:
    """Deletes the rules that have come since the test began, but for those of stacks.

    What was there before is not the test's: a fixture of its module may have put it.

    Parameters
    ----------
    client : Callable[[str], Any]
        Returns the boto3 client of a service.
    """

    def __init__(self, client: Callable[[str], Any]) -> None:
        self._client = client
        self._kept: set[tuple[str, str]] = set()

    def begin(self) -> None:
        """Remember what is there."""
        self._kept = self._rules()

    def delete(self) -> None:
        """Delete the test's rules, with their targets, of all buses."""
        come = self._rules() - self._kept
        if not come:
            return
        events, of_stacks = self._client("events"), self._rules_of_stacks()
        for bus, name in come:
            if name in of_stacks:
                continue
            targets = events.list_targets_by_rule(Rule=name, EventBusName=bus)["Targets"]
            if targets:
                events.remove_targets(Rule=name, EventBusName=bus, Ids=[target["Id"] for target in targets])
            events.delete_rule(Name=name, EventBusName=bus)

    def _rules(self) -> set[tuple[str, str]]:
        events = self._client("events")
        return {
            (bus["Name"], rule["Name"])
            for bus in events.list_event_buses()["EventBuses"]
            for page in events.get_paginator("list_rules").paginate(EventBusName=bus["Name"])
            for rule in page["Rules"]
            if "ManagedBy" not in rule
        }

    def _rules_of_stacks(self) -> set[str]:
        cloudformation = self._client("cloudformation")
        return {
            resource["PhysicalResourceId"].rpartition("|")[2]
            for stacks in cloudformation.get_paginator("describe_stacks").paginate()
            for stack in stacks["Stacks"]
            for page in cloudformation.get_paginator("list_stack_resources").paginate(StackName=stack["StackName"])
            for resource in page["StackResourceSummaries"]
            if resource["ResourceType"] == _RULE
        }
