"""The shapes of the Amazon States Language that the compiler writes, and their text."""

import json
import secrets
from collections.abc import Mapping
from typing import Any, Final, Literal, NotRequired, TypedDict

from pydantic import JsonValue

StateType = Literal["Task", "Parallel", "Map", "Pass", "Choice", "Wait", "Succeed", "Fail"]
"""The types of states that Step Functions has."""


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

    Type: StateType
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


class Substitution(str):
    """A text such as ``${agent_linter}``, in whose place a deployment puts what it names.

    Example
    -------
    >>> Substitution.of("agent_linter")
    '${agent_linter}'
    """

    __slots__ = ()

    @classmethod
    def of(cls, name: str) -> "Substitution":
        """Return what stands for the value of a name."""
        return cls(f"${{{name}}}")


_MARK: Final = secrets.token_hex(16)
"""Stands for the beginning of a substitution while a text is written; nobody's data holds it."""


def definition_json(definition: Definition | State, indent: int | None = None) -> str:
    """Return a definition, or a state of one, as JSON text: without blanks, unless it is to be indented.

    CloudFormation replaces ``${name}`` wherever it stands in the text, and data may hold that too. Only a
    `Substitution` is spelled so; elsewhere the dollar sign is escaped, which is the same to whoever reads the JSON.
    """
    text = json.dumps(_marked(definition), indent=indent, separators=None if indent else (",", ":"))
    return text.replace("${", "\\u0024{").replace(_MARK, "${")


def _marked(definition: Mapping[str, Any]) -> Any:
    """Return a copy of a definition in which every substitution begins with the mark. It may be deeply nested."""
    top: list[Any] = [definition]
    ahead: list[Any] = [top]
    while ahead:
        container = ahead.pop()
        for key, value in enumerate(container) if isinstance(container, list) else list(container.items()):
            if isinstance(value, dict):
                container[key] = dict(value)
                ahead.append(container[key])
            elif isinstance(value, list | tuple):
                container[key] = list(value)
                ahead.append(container[key])
            elif isinstance(value, Substitution):
                container[key] = _MARK + value.removeprefix("${")
    return top[0]
