"""What a contract refuses."""

from datetime import timedelta

import pytest
from pydantic import BaseModel

from stepweave.contract.agent import Agent
from stepweave.contract.failure import TaskFailure
from stepweave.contract.retry import Retry


class Empty(BaseModel):
    pass


@pytest.mark.parametrize(
    ("settings", "problem"),
    [
        ({"name": "Linter"}, "lower-case"),
        ({"name": "a" * 41}, "at most 40"),
        ({"timeout": timedelta(minutes=16)}, "whole seconds, 1 to 900"),
        ({"timeout": timedelta(milliseconds=500)}, "whole seconds, 1 to 900"),
        ({"memory_mb": 64}, "memory_mb must be 128 to 10240"),
        ({"ephemeral_storage_mb": 20_000}, "ephemeral_storage_mb must be 512 to 10240"),
        ({"reserved_concurrency": 0}, "must be 1 to"),
    ],
)
def test_values_that_aws_would_refuse(settings: dict[str, object], problem: str) -> None:
    arguments: dict[str, object] = {"name": "linter", "input": Empty, "output": Empty} | settings
    with pytest.raises(ValueError, match=problem):
        Agent(**arguments)  # type: ignore[arg-type]


def test_a_breaker_that_is_none() -> None:
    with pytest.raises(TypeError, match="breaker must be a Breaker, as in"):
        Agent(name="linter", input=Empty, output=Empty, breaker="github-api")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("settings", "problem"),
    [
        ({"attempts": -1}, "attempts"),
        ({"backoff": 0.5}, "backoff"),
        ({"interval": timedelta(milliseconds=100)}, "interval must be whole seconds"),
        ({"max_delay": timedelta(days=400)}, "max_delay"),
        ({"interval": timedelta(seconds=60)}, "longer than interval"),
        ({"errors": ()}, "at least one error"),
    ],
)
def test_retries_that_step_functions_would_refuse(settings: dict[str, object], problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        Retry(**settings)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("value", "failure"),
    [
        ({"Error": "a", "Cause": "b"}, True),
        ({"Error": "a"}, True),
        ({"Error": "a", "more": 1}, False),
        ({"Cause": "b"}, False),
        (["Error"], False),
        (None, False),
    ],
)
def test_a_caught_error_is_told_from_a_result(value: object, failure: bool) -> None:
    assert TaskFailure.looks_like(value) is failure
