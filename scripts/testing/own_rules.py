"""The rules of EventBridge that a test has put itself: they would fire, and match, in later tests too."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

_RULE: Final = "AWS::Events::Rule"


class OwnRules:
    """Deletes rules that belong to no stack.

    Parameters
    ----------
    client : Callable[[str], Any]
        Returns the boto3 client of a service.
    """

    def __init__(self, client: Callable[[str], Any]) -> None:
        self._client = client
        self._of_stacks: set[str] = set()

    def delete(self) -> None:
        """Delete the rules, with their targets, of all buses."""
        events = self._client("events")
        for bus in [bus["Name"] for bus in events.list_event_buses()["EventBuses"]]:
            names = {
                rule["Name"]
                for page in events.get_paginator("list_rules").paginate(EventBusName=bus)
                for rule in page["Rules"]
                if "ManagedBy" not in rule
            }
            if not names <= self._of_stacks:
                self._of_stacks = self._rules_of_stacks()
            for name in names - self._of_stacks:
                targets = events.list_targets_by_rule(Rule=name, EventBusName=bus)["Targets"]
                if targets:
                    events.remove_targets(Rule=name, EventBusName=bus, Ids=[target["Id"] for target in targets])
                events.delete_rule(Name=name, EventBusName=bus)

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
