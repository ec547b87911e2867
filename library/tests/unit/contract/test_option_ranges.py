"""Every option of a contract, with every kind of value that AWS would refuse or never act on."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from pydantic import BaseModel

from stepweave.contract.agent import Agent
from stepweave.contract.breaker import Breaker, CircuitBreakerConfig
from stepweave.contract.retry import Retry


class Empty(BaseModel):
    pass


def _agent(**settings: Any) -> Agent[Empty, Empty]:
    options: dict[str, Any] = {"name": "linter", "input": Empty, "output": Empty} | settings
    return Agent(**options)


def _breaker(**settings: Any) -> Breaker:
    return Breaker(**({"name": "github-api"} | settings))


_TOO_LONG = timedelta(days=999_999_999)
_OF_WRONG_TYPE: tuple[object, ...] = ("3", b"3", [3], {"a": 3}, object())
_NOT_WHOLE = (*_OF_WRONG_TYPE, None, True, False, 1.0, 1.5, math.nan, math.inf, -math.inf, -1, 0, 10**12)
_NO_TIME = (*_OF_WRONG_TYPE, 3, 1.5, math.nan, math.inf, True, -timedelta(seconds=1), timedelta(0), _TOO_LONG)
_NOT_WHOLE_SECONDS = (*_NO_TIME, None, timedelta(seconds=1.5), timedelta(microseconds=1))
_NO_NAME = (None, 3, True, "", " ", ("linter",), "a b", "a\nb", "naïve", "x" * 81)
_NO_FLAG = (None, 0, 1, "no", "", (), math.nan)
_NO_NAMES = ("Runtime.ExitError", "", None, 3, True, ["TransientError"], {"TransientError"}, (KeyError,), ("",), (" ",))

REFUSED: list[tuple[Callable[..., object], str, tuple[object, ...]]] = [
    (_agent, "name", (*_NO_NAME, "Linter", "9lives", "a-b", "x" * 41)),
    (_agent, "input", (None, dict, "Empty", Empty())),
    (_agent, "output", (None, dict, "Empty", Empty())),
    (_agent, "timeout", (*_NOT_WHOLE_SECONDS, timedelta(seconds=901))),
    (_agent, "memory_mb", (*_NOT_WHOLE, 127, 10_241)),
    (_agent, "ephemeral_storage_mb", (*_NOT_WHOLE, 511, 10_241)),
    (_agent, "reserved_concurrency", tuple(value for value in _NOT_WHOLE if value is not None)),
    (_agent, "retry", (None, 3, "3", {"attempts": 3}, Retry)),
    (_agent, "expected", (*_NO_TIME, timedelta(minutes=1, microseconds=1))),
    (_agent, "breaker", ("github-api", 3, Breaker, CircuitBreakerConfig())),
    (Retry, "attempts", tuple(value for value in _NOT_WHOLE if value not in (0, False) or value is False)),
    (Retry, "interval", (*_NOT_WHOLE_SECONDS, timedelta(seconds=60))),
    (Retry, "backoff", (*_OF_WRONG_TYPE, None, True, math.nan, math.inf, -math.inf, -2.0, 0, 0.99, 1_001, 10**400)),
    (Retry, "max_delay", (*_NOT_WHOLE_SECONDS, timedelta(seconds=31_622_400), timedelta(seconds=1))),
    (Retry, "errors", (*_NO_NAMES, (), ("States.ALL", "A"), ("A", "States.ALL"), ("States.Runtime",))),
    (_breaker, "name", (*_NO_NAME, "-api", "api#1", "api:1")),
    (_breaker, "config", (None, 5, {"failure_threshold": 5}, CircuitBreakerConfig)),
    (_breaker, "ignored_errors", _NO_NAMES),
    (_breaker, "waits", _NO_FLAG),
    (_breaker, "fail_open", _NO_FLAG),
    (CircuitBreakerConfig, "failure_threshold", (*_NOT_WHOLE, 1_001)),
    (CircuitBreakerConfig, "success_threshold", (*_NOT_WHOLE, 1_001)),
    (CircuitBreakerConfig, "half_open_max_calls", (*_NOT_WHOLE, 101)),
    (CircuitBreakerConfig, "window", (*_NO_TIME, None, timedelta(milliseconds=999), timedelta(hours=25))),
    (CircuitBreakerConfig, "recovery_timeout", (*_NO_TIME, None, timedelta(milliseconds=999), timedelta(hours=25))),
]

ACCEPTED: list[tuple[Callable[..., object], dict[str, object]]] = [
    (_agent, {"timeout": timedelta(seconds=900), "memory_mb": 10_240, "ephemeral_storage_mb": 10_240}),
    (_agent, {"timeout": timedelta(seconds=1), "memory_mb": 128, "ephemeral_storage_mb": 512}),
    (_agent, {"reserved_concurrency": 1, "expected": timedelta(milliseconds=1)}),
    (Retry, {"attempts": 0, "errors": ()}),
    (Retry, {"attempts": 99_999_999, "backoff": 1, "errors": ("States.ALL",)}),
    (Retry, {"interval": timedelta(seconds=1), "max_delay": timedelta(seconds=2), "backoff": 1_000.0}),
    (Retry, {"max_delay": timedelta(seconds=31_622_399), "errors": ("States.Timeout", "KeyError")}),
    (_breaker, {"ignored_errors": ("NotFound",), "waits": True, "fail_open": False}),
    (CircuitBreakerConfig, {"window": timedelta(seconds=1), "recovery_timeout": timedelta(hours=24)}),
]


@pytest.mark.parametrize(
    ("make", "option", "value"),
    [
        pytest.param(make, option, value, id=f"{make.__name__}-{option}-{str(value)[:20]}")
        for make, option, values in REFUSED
        for value in values
    ],
)
def test_what_aws_would_refuse_is_refused_in_the_contract(
    make: Callable[..., object], option: str, value: object
) -> None:
    with pytest.raises((TypeError, ValueError), match=option):
        make(**{option: value})


@pytest.mark.parametrize(("make", "options"), ACCEPTED)
def test_what_aws_takes_is_taken(make: Callable[..., object], options: dict[str, object]) -> None:
    made = make(**options)
    assert {name: getattr(made, name) for name in options} == options


@pytest.mark.parametrize("kind", [Agent, Retry, Breaker, CircuitBreakerConfig])
def test_every_option_is_in_the_table(kind: type) -> None:
    tried = {option for make, option, _ in REFUSED if make is kind or make.__name__ == f"_{kind.__name__.lower()}"}
    assert tried == set(kind.__dataclass_fields__)  # type: ignore[attr-defined]
