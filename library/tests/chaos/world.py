"""What the tasks had effects on."""

from dataclasses import dataclass

from stepweave.testing.local_backend import LocalBackend
from tests.chaos.agents.actor.contract import EFFECTS_TABLE
from tests.dynamodb_tables import create_table


@dataclass(frozen=True)
class Effect:
    """What the world knows of one key.

    Parameters
    ----------
    execution, task : str
        The execution's name, that of the first one if it was redriven under another, and the task.
    entries : int
        How often the agent's own code was begun.
    effects : int
        How often it had its effect.
    receipt : str
        Of the effect.
    """

    execution: str
    task: str
    entries: int
    effects: int
    receipt: str


def create_world(cloud: LocalBackend) -> None:
    """Create the table that counts effects."""
    create_table(cloud.client("dynamodb"), EFFECTS_TABLE)


def world(cloud: LocalBackend) -> list[Effect]:
    """Return what the table has counted."""
    pages = cloud.client("dynamodb").get_paginator("scan").paginate(TableName=EFFECTS_TABLE)
    return [
        Effect(
            execution=item["execution"]["S"].partition("--redrive-")[0],
            task=item["task"]["S"],
            entries=len(item["entries"]["SS"]),
            effects=int(item.get("effects", {"N": "0"})["N"]),
            receipt=item.get("receipt", {"S": ""})["S"],
        )
        for page in pages
        for item in page["Items"]
    ]
