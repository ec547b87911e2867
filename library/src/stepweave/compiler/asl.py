"""The shapes of the Amazon States Language that the compiler writes, and their text."""

import json
from typing import Literal, NotRequired, TypedDict

from pydantic import JsonValue


class Retrier(TypedDict):
    """How errors are retried."""

    ErrorEquals: list[str]
    IntervalSeconds: int
    MaxAttempts: int
    BackoffRate: float
    MaxDelaySeconds: int
    JitterStrategy: Literal["FULL"]


class Catcher(TypedDict):
    """What happens with an error that is not retried."""

    ErrorEquals: list[str]
    ResultPath: NotRequired[str | None]
    Next: str


class State(TypedDict):
    """A state; which fields it has depends on its type."""

    Type: Literal["Task", "Parallel", "Map", "Pass", "Choice", "Wait", "Succeed", "Fail"]
    Comment: NotRequired[str]
    Resource: NotRequired[str]
    InputPath: NotRequired[str | None]
    Parameters: NotRequired[dict[str, JsonValue]]
    Branches: NotRequired[list["Branch"]]
    ResultSelector: NotRequired[dict[str, JsonValue]]
    ResultPath: NotRequired[str | None]
    OutputPath: NotRequired[str | None]
    TimeoutSeconds: NotRequired[int]
    Retry: NotRequired[list[Retrier]]
    Catch: NotRequired[list[Catcher]]
    Choices: NotRequired[list[JsonValue]]
    Default: NotRequired[str]
    ItemsPath: NotRequired[str]
    ItemSelector: NotRequired[dict[str, JsonValue]]
    ItemProcessor: NotRequired["Branch"]
    MaxConcurrency: NotRequired[int]
    Seconds: NotRequired[int]
    SecondsPath: NotRequired[str]
    TimestampPath: NotRequired[str]
    Result: NotRequired[JsonValue]
    Error: NotRequired[str]
    Cause: NotRequired[str]
    Next: NotRequired[str]
    End: NotRequired[Literal[True]]


class Branch(TypedDict):
    """States that run from `StartAt` to one that ends."""

    StartAt: str
    States: dict[str, State]


class Definition(Branch):
    """A whole state machine."""

    Comment: str
    TimeoutSeconds: int


def definition_json(definition: Definition | State) -> str:
    """Return a definition, or a state of one, as JSON text without blanks."""
    return json.dumps(definition, separators=(",", ":"))
