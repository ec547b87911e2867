"""Contract of the actor: each of its tasks has one effect on the world."""

from datetime import timedelta
from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from stepweave.contract.agent import Agent
from stepweave.contract.permission import Permission
from stepweave.contract.retry import Retry

EFFECTS_TABLE: Final = "chaos-effects"
"""The world: a service that does a thing once per key. An item for each key, whose key is the attribute ``id``."""


class Action(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    number: int
    given: Annotated[list[JsonValue], Field(description="results of other tasks")] = []


class Receipt(BaseModel):
    model_config = ConfigDict(frozen=True)

    task: str
    number: int
    receipt: Annotated[str, Field(description="what the service gave for the effect")]
    given: list[JsonValue]


actor = Agent(
    name="actor",
    input=Action,
    output=Receipt,
    timeout=timedelta(seconds=5),
    memory_mb=256,
    retry=Retry(attempts=6, interval=timedelta(seconds=1), max_delay=timedelta(seconds=4)),
    permissions=(
        Permission(
            actions=("dynamodb:GetItem", "dynamodb:UpdateItem"),
            resources=(f"arn:${{AWS::Partition}}:dynamodb:${{AWS::Region}}:${{AWS::AccountId}}:table/{EFFECTS_TABLE}",),
        ),
    ),
)
