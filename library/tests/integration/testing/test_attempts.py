"""What an attempt costs: those that died, that overlap, and that the platform refused are none of the author's."""

from __future__ import annotations

from datetime import timedelta
from unittest import mock

import pytest

from stepweave.compiler import compile as stages
from stepweave.compiler.partition import Weight
from stepweave.contract.retry import TRANSIENT_ERRORS
from stepweave.functions.replayer.contract import ReplayResult, replayer
from stepweave.language.workflow import workflow
from stepweave.testing.local_backend import LocalBackend
from stepweave.testing.run import Run

CRASH = "Runtime.ExitError"


@workflow(timeout=timedelta(minutes=30))
def stubborn() -> ReplayResult:
    """A nap that is tried once more after a crash."""
    return replayer("nap").retry(attempts=1, errors=(CRASH,))


@workflow(timeout=timedelta(minutes=30))
def stubborn_twice() -> ReplayResult:
    """A nap that is tried twice more after a crash or a transient error."""
    return replayer("nap").retry(attempts=2, errors=(*TRANSIENT_ERRORS, CRASH))


@workflow(timeout=timedelta(minutes=30))
def stubborn_in_a_part() -> ReplayResult:
    """Naps of which the last ones are run in a nested execution."""
    first = [replayer(f"a{number}") for number in range(6)]
    second = [replayer(f"b{number}", dependencies=first) for number in range(6)]
    return replayer("nap", dependencies=second).retry(attempts=1, errors=(CRASH,))


@workflow(timeout=timedelta(minutes=30))
def impatient() -> ReplayResult:
    """A nap that is given up while its function goes on, and tried once more."""
    return replayer("nap", seconds=5).timeout(timedelta(seconds=2)).retry(attempts=1, errors=("States.Timeout",))


@workflow(timeout=timedelta(hours=12))
def unneeded() -> ReplayResult:
    """An optional nap whose author wants no retries."""
    return replayer("last", dependencies=[replayer("nap").retry(attempts=0).optional()])


@workflow(timeout=timedelta(hours=2))
def crossing() -> ReplayResult:
    """Naps in an N, of which one fails without harm: states publish its failure and arrive at a gate for it."""
    a, b = replayer("a").optional(), replayer("b")
    c, d = replayer("c", dependencies=[a]), replayer("d", dependencies=[a, b])
    return replayer("e", dependencies=[c, d])


def errors(run: Run) -> list[str]:
    """Return what the attempts of a run failed with."""
    details = (event.get("lambdaFunctionFailedEventDetails") for event in run.history)
    return [one["error"] for one in details if one]


@pytest.mark.parametrize("point", ["called", "returned", "stored", "finished"])
def test_an_attempt_after_a_crash_that_the_author_named_runs_at_once(local_cloud: LocalBackend, point: str) -> None:
    local_cloud.agent(replayer).crashes(when=point)
    run = local_cloud.run(stubborn)
    assert run.status == "SUCCEEDED", run.cause
    assert errors(run) == [CRASH]


def test_each_crash_costs_one_attempt(local_cloud: LocalBackend) -> None:
    local_cloud.agent(replayer).crashes(times=2, when="called")
    run = local_cloud.run(stubborn_twice)
    assert (run.status, run.task("nap").attempts) == ("SUCCEEDED", 3), run.cause
    local_cloud.agent(replayer).crashes(times=3, when="called")
    run = local_cloud.run(stubborn_twice)
    assert (run.error, run.task("nap").attempts) == (CRASH, 3)


def test_a_crash_in_a_nested_execution_is_known_by_its_own_history(local_cloud: LocalBackend) -> None:
    local_cloud.agent(replayer, task="nap").crashes(when="called")
    with mock.patch.object(stages, "_ROOM", Weight(9000, 90)):
        run = local_cloud.run(stubborn_in_a_part)
    assert (run.status, run.task("nap").attempts) == ("SUCCEEDED", 2), run.cause
    assert any(event["type"] == "TaskSubmitted" for event in run.history), "it was cut"


def test_an_attempt_that_was_given_up_is_not_run_beside_the_next(local_cloud: LocalBackend) -> None:
    run = local_cloud.run(impatient)
    assert run.status == "SUCCEEDED", run.cause
    given_up = [event for event in run.history if event["type"] == "LambdaFunctionTimedOut"]
    assert len(given_up) == 1, "what overlaps answers before it is given up itself"
    assert set(errors(run)) <= {"IdempotencyAlreadyInProgressError"}
    nap = ReplayResult.model_validate(run.output)
    first = next(event for event in run.history if event["type"] == "LambdaFunctionScheduled")
    assert nap.started < first["timestamp"].timestamp() + 2, "the result is that of the first attempt, which went on"


@pytest.mark.parametrize("operation", ["PutItem", "UpdateItem", "DeleteItem"])
def test_a_lost_answer_costs_no_attempt(local_cloud: LocalBackend, operation: str) -> None:
    local_cloud.service("dynamodb").loses_answers(1.0, operations=(operation,), times=1)
    run = local_cloud.run(stubborn)
    assert (run.status, run.task("nap").attempts) == ("SUCCEEDED", 1), run.cause


@pytest.mark.local_cloud(time="skipped")
@pytest.mark.parametrize("operation", ["PutItem", "UpdateItem", "GetItem", "BatchGetItem"])
def test_answers_that_states_lose_cost_nothing_either(local_cloud: LocalBackend, operation: str) -> None:
    local_cloud.agent(replayer, task="a").fails(error="Broken")
    local_cloud.service("dynamodb").loses_answers(0.5, seed=3, operations=(operation,), times=12)
    run = local_cloud.run(crossing)
    assert run.status == "SUCCEEDED", run.cause
    assert [run.task(name).error for name in "bcde"] == [""] * 4


@pytest.mark.local_cloud(time="skipped")
def test_lost_answers_of_every_try_cost_none_of_the_authors_attempts(local_cloud: LocalBackend) -> None:
    local_cloud.service("dynamodb").loses_answers(1.0, operations=("PutItem",), times=8)
    run = local_cloud.run(stubborn)
    assert run.status == "SUCCEEDED", run.cause
    assert set(errors(run)) == {"PlatformError"}


@pytest.mark.local_cloud(time="skipped")
def test_throttling_loses_no_optional_task(local_cloud: LocalBackend) -> None:
    local_cloud.agent(replayer, task="nap").is_throttled(times=12)
    run = local_cloud.run(unneeded)
    assert (run.status, run.task("nap").attempts) == ("SUCCEEDED", 13), run.cause
    assert run.task("last").input["dependencies"] == [run.task("nap").output]  # type: ignore[index,call-overload]
