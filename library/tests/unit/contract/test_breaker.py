"""What a breaker's contract refuses, and what compiler and runtime agree on."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from stepweave.contract.breaker import (
    CRASH_PREFIX,
    RETRY_AFTER_WORD,
    Breaker,
    CircuitBreakerConfig,
    crash_of,
    open_message,
    probe_owner,
)


@pytest.mark.parametrize(
    ("settings", "problem"),
    [
        ({"failure_threshold": 0}, "failure_threshold must be 1 to 1000, not 0"),
        ({"failure_threshold": 1_001}, "failure_threshold must be 1 to 1000"),
        ({"success_threshold": 0}, "success_threshold"),
        ({"half_open_max_calls": 101}, "half_open_max_calls must be 1 to 100"),
        ({"window": timedelta(milliseconds=999)}, "window must be 1 second to 24 hours"),
        ({"recovery_timeout": timedelta(days=2)}, "recovery_timeout must be 1 second to 24 hours"),
    ],
)
def test_numbers_that_make_no_sense(settings: dict[str, object], problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        CircuitBreakerConfig(**settings)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["", "git hub", "-api", "a" * 81, "api#1", "api:1"])
def test_names_that_would_be_misread(name: str) -> None:
    with pytest.raises(ValueError, match="circuit breaker name"):
        Breaker(name)


@pytest.mark.parametrize("ignored", ["KeyError", ["KeyError"], (KeyError,)])
def test_ignored_errors_are_a_tuple_of_names(ignored: object) -> None:
    with pytest.raises(ValueError, match="ignored_errors must be a tuple of the names of errors"):
        Breaker("api", ignored_errors=ignored)  # type: ignore[arg-type]


def test_the_last_word_of_the_message_is_the_time() -> None:
    words = open_message("github-api", datetime(2030, 1, 2, 3, 4, 5, tzinfo=UTC)).split(" ")
    assert words[RETRY_AFTER_WORD:] == ["2030-01-02T03:04:05Z"]


@pytest.mark.parametrize("task", ["scan", "scan #2: (a, b)", "a#b#c", "#"])
def test_the_owner_of_a_probe_says_what_its_crash_is_called(task: str) -> None:
    execution = "arn:aws:states:us-east-1:123456789012:execution:stepweave-word-count:run-1"
    assert crash_of(probe_owner(execution, task)) == f"{CRASH_PREFIX}{execution}#{task}"
