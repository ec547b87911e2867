"""A table that takes the conditional writes of gates, in place of DynamoDB."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

_NOT_EXISTS = re.compile(r"attribute_not_exists\((.+)\)")
_LESS = re.compile(r"(\S+) < (\S+)")
_SET = re.compile(r"SET (\S+) = (\S+)")
_ADD = re.compile(r"ADD (\S+) (\S+)")

Item = dict[str, dict[str, Any]]


class ConditionFailedError(Exception):
    """The condition of a write does not hold."""


class Table:
    """Items by their ``id``, each a mapping of attributes in DynamoDB's JSON form.

    It takes the parameters of the state machine's integrations, and knows the expressions that gates use.
    """

    def __init__(self) -> None:
        self._items: dict[str, Item] = {}

    def get(self, parameters: Mapping[str, Any]) -> Item:
        """Return an item; empty if there is none."""
        return self._items.get(parameters["Key"]["id"]["S"], {})

    def put(self, parameters: Mapping[str, Any]) -> None:
        """Put an item.

        Raises
        ------
        ConditionFailedError
            If the condition does not hold.
        """
        item: Item = dict(parameters["Item"])
        self._check(self._items.get(item["id"]["S"], {}), parameters)
        self._items[item["id"]["S"]] = item

    def update(self, parameters: Mapping[str, Any]) -> Item:
        """Change an item and return it.

        Raises
        ------
        ConditionFailedError
            If the condition does not hold.
        """
        key = parameters["Key"]["id"]["S"]
        item = dict(self._items.get(key, {"id": {"S": key}}))
        self._check(item if key in self._items else {}, parameters)
        names = parameters.get("ExpressionAttributeNames", {})
        values = parameters["ExpressionAttributeValues"]
        for name, value in _SET.findall(parameters["UpdateExpression"]):
            item[names.get(name, name)] = values[value]
        for name, value in _ADD.findall(parameters["UpdateExpression"]):
            before = int(item.get(names.get(name, name), {"N": "0"})["N"])
            item[names.get(name, name)] = {"N": str(before + int(values[value]["N"]))}
        self._items[key] = item
        return item

    @staticmethod
    def _check(item: Item, parameters: Mapping[str, Any]) -> None:
        condition = parameters.get("ConditionExpression")
        if condition is None:
            return
        names = parameters.get("ExpressionAttributeNames", {})
        for term in condition.split(" OR "):
            if missing := _NOT_EXISTS.fullmatch(term):
                if names.get(missing[1], missing[1]) not in item:
                    return
            elif less := _LESS.fullmatch(term):
                value = parameters["ExpressionAttributeValues"][less[2]]
                if less[1] in item and int(item[less[1]]["N"]) < int(value["N"]):
                    return
            else:
                raise ValueError(f"condition {term!r} is not known")
        raise ConditionFailedError(condition)
