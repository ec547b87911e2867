"""The table of circuit breakers, as the command reads and writes it."""

import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, cast

from stepweave.cdk.naming import BREAKERS_OUTPUT
from stepweave.command.errors import EXIT_FAILED, CommandError
from stepweave.command.target.deployment import stack_outputs
from stepweave.command.target.open_target import OpenTarget
from stepweave.contract.breaker import ITEM_KEY
from stepweave.contract.breaker_change import update_item
from stepweave.contract.breaker_item import AttributeValue, BreakerItem, read_item
from stepweave.contract.breaker_transition import Cause, Transition

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient

_ATTEMPTS: Final = 10

Move = Callable[[BreakerItem, Cause], Transition | None]
"""Returns the transition from what a breaker is to what a person wants; None if it is that already."""


@dataclass(frozen=True)
class BreakerTable:
    """The table of circuit breakers.

    Parameters
    ----------
    name : str
        What it is called.
    client : DynamoDBClient
        Where it is.
    """

    name: str
    client: "DynamoDBClient"

    @classmethod
    def of(cls, opened: OpenTarget) -> "BreakerTable":
        """Find the table of what is deployed.

        Raises
        ------
        CommandError
            If there is none.
        """
        outputs = stack_outputs(opened.client("cloudformation"), opened.names.storage_stack) or {}
        if BREAKERS_OUTPUT not in outputs:
            raise CommandError(f"no table of circuit breakers is deployed on {opened.where}", opened.how_to_deploy)
        return cls(outputs[BREAKERS_OUTPUT], opened.client("dynamodb"))

    def read_all(self) -> Mapping[str, BreakerItem]:
        """Return the breakers that have been written to, by name."""
        pages = self.client.get_paginator("scan").paginate(TableName=self.name, ConsistentRead=True)
        items = [cast("Mapping[str, AttributeValue]", item) for page in pages for item in page["Items"]]
        return {str(item[ITEM_KEY]["S"]): read_item(item) for item in items}

    def read(self, breaker: str) -> BreakerItem | None:
        """Return a breaker; None if nobody has written to it."""
        key: Any = {ITEM_KEY: {"S": breaker}}
        item = self.client.get_item(TableName=self.name, Key=key, ConsistentRead=True).get("Item")
        return None if item is None else read_item(cast("Mapping[str, AttributeValue]", item))

    def move(self, breaker: str, move: Move, reason: str, by: str = "") -> Transition | None:
        """Make a transition, whatever agents do to the breaker meanwhile.

        Parameters
        ----------
        breaker : str
            The breaker's name.
        move : Move
            Which transition.
        reason : str
            Why.
        by : str
            Who makes it.

        Returns
        -------
        Transition | None
            None if there was nothing to do.

        Raises
        ------
        CommandError
            If agents change it faster than the command can.
        """
        writer = f"stepweave-breaker-{secrets.token_hex(8)}"
        for _ in range(_ATTEMPTS):
            item = self.read(breaker) or BreakerItem()
            transition = move(item, Cause(int(time.time() * 1000), reason, writer, by))
            if transition is None:
                return None
            call: Any = update_item(self.name, breaker, transition.change)
            try:
                self.client.update_item(**call)
            except self.client.exceptions.ConditionalCheckFailedException as error:
                # An answer that was lost is asked for again by the SDK, and the first request may have been heard.
                if transition.change.landed(cast("Any", error.response.get("Item", {}))):
                    return transition
            else:
                return transition
        raise CommandError(
            f"circuit breaker {breaker} changes faster than it can be written to", "try again", EXIT_FAILED
        )
