"""Executions under faults: none is lost, none hangs, and nothing is done twice.

Seeded: ``make chaos SEED=7`` chooses other faults than the default.
"""

from __future__ import annotations

import json
import os
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any, Final

import pytest

from stepweave.contract.dead_letter import DeadLetter
from stepweave.testing.local_backend import LocalBackend
from stepweave.testing.run import Run
from tests.chaos.agents.actor.contract import Receipt, actor
from tests.chaos.executions import Executions
from tests.chaos.faults import inject_faults, inject_faults_of_redrives
from tests.chaos.workflow import FALLBACK, NEEDS, chaos, receipts
from tests.chaos.world import Effect, create_world, world

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(540)]

EXECUTIONS: Final = int(os.environ.get("STEPWEAVE_CHAOS_EXECUTIONS") or 80)
"""Enough to meet every kind of fault many times; ``make chaos`` runs 200."""
MOST_ROUNDS: Final = 10
REDRIVES_UNDER_FAULTS: Final = 1
SETTLING_SECONDS: Final = 300
"""In which all that is still to be tried again is; it is skipped."""
TASKS: Final = {*NEEDS, *FALLBACK.values()}


@dataclass
class Story:
    """What happened.

    Parameters
    ----------
    executions : Executions
        All of them.
    seed : int
        What chose the faults.
    first : dict
        The ARNs by status when all had ended for the first time.
    letters : list of DeadLetter
        What was in the failure queue then.
    raw : dict of str to str
        Bodies of the messages that the function which makes dead letters could not deal with.
    rounds : list of int
        How many letters were redriven in each round after the faults.
    injected : dict of str to int
        The faults by kind.
    messages, under_way, outputs, effects
        The messages that are left, the executions that still run, what those that succeeded returned by the names that
        they began with, and what the world knows: all in the end.
    """

    executions: Executions
    seed: int
    first: dict[str, list[str]] = field(default_factory=dict)
    letters: list[DeadLetter] = field(default_factory=list)
    raw: list[str] = field(default_factory=list)
    rounds: list[int] = field(default_factory=list)
    injected: dict[str, int] = field(default_factory=dict)
    messages: dict[str, int] = field(default_factory=dict)
    under_way: int = 0
    outputs: dict[str, Any] = field(default_factory=dict)
    effects: list[Effect] = field(default_factory=list)

    @property
    def name(self) -> str:
        return f"seed {self.seed}"


@pytest.fixture(scope="module")
def deployed(cloud: LocalBackend) -> LocalBackend:
    cloud.deploy(chaos)
    create_world(cloud)
    return cloud


@pytest.fixture(scope="module")
def story(deployed: LocalBackend, seed: int, request: pytest.FixtureRequest) -> Story:
    """Run all under faults, stop the faults, and redrive until there is nothing left to redrive."""
    say(request, f"\nchaos: seed {seed}")
    cloud = deployed
    began = time.monotonic()
    story = Story(Executions(cloud, chaos.name), seed)
    inject_faults(cloud, seed)
    story.executions.run({f"chaos-{seed}-{number}": {"number": number} for number in range(EXECUTIONS)})
    story.first = story.executions.by_status()
    cloud.sleep(SETTLING_SECONDS)
    story.letters = [DeadLetter.model_validate_json(body) for body in story.executions.bodies("-failures")]
    story.raw = [*story.executions.bodies("-invocations"), *story.executions.bodies("-undelivered")]
    inject_faults_of_redrives(cloud, seed)
    for _ in range(REDRIVES_UNDER_FAULTS):
        story.executions.redrive_all()
        cloud.sleep(SETTLING_SECONDS)
    story.injected = cloud.injected
    cloud.stop_faults()
    cloud.sleep(SETTLING_SECONDS)
    middle = time.monotonic()
    while story.executions.messages() and len(story.rounds) < MOST_ROUNDS:
        redriven = story.executions.redrive_all()
        assert redriven.exit_code == 0, f"{story.name}: {redriven.output}"
        story.rounds.append(len(json.loads(redriven.stdout)))
        cloud.sleep(SETTLING_SECONDS)
    story.messages, story.under_way = story.executions.messages(), story.executions.under_way()
    story.outputs = outputs(story.executions)
    story.effects = world(cloud)
    counts = {status: len(arns) for status, arns in story.first.items()}
    say(
        request,
        f"chaos: {counts}, {len(story.letters)} dead letters, {len(story.raw)} raw events, redriven {story.rounds}, "
        f"{middle - began:.0f} s under faults and {time.monotonic() - middle:.0f} s after; "
        f"{sum(story.injected.values())} faults: {json.dumps(story.injected, sort_keys=True)}",
    )
    return story


def say(request: pytest.FixtureRequest, text: str) -> None:
    """Print a line, whatever is captured."""
    capture = request.config.pluginmanager.getplugin("capturemanager")
    with capture.global_and_fixture_disabled():
        print(text, flush=True)  # noqa: T201


def outputs(executions: Executions) -> dict[str, Any]:
    """Return what the executions that succeeded returned, by the names that they began with."""
    described = [executions.describe(arn) for arn in executions.by_status().get("SUCCEEDED", [])]
    return {one["name"].partition("--redrive-")[0]: json.loads(one["output"]) for one in described}


def test_the_faults_were_felt(story: Story) -> None:
    assert len(story.first["FAILED"]) >= EXECUTIONS // 20, story.name
    kinds = {"Crashes started", "Crashes called", "Crashes returned", "Crashes stored", "Crashes finished", "Repeats"}
    assert kinds <= story.injected.keys(), story.name
    assert sum(effect.entries for effect in story.effects) > len(story.effects), "no task was ever begun again"


def test_each_execution_succeeded_or_is_dead_lettered(story: Story) -> None:
    assert story.first.keys() <= {"SUCCEEDED", "FAILED"}, f"{story.name}: none hangs until it runs out of time"
    assert sum(len(arns) for arns in story.first.values()) == EXECUTIONS
    lettered = {letter.execution for letter in story.letters}
    raw = {json.loads(body)["detail"]["executionArn"] for body in story.raw}
    assert set(story.first["FAILED"]) == lettered | raw, story.name
    assert len(lettered) >= len(raw), "the letters are what is usual"


def test_a_dead_letter_says_what_failed(story: Story) -> None:
    for letter in story.letters:
        assert letter.task is not None, f"{story.name}: {letter}"
        assert letter.task.id in TASKS
        assert letter.task.execution == letter.execution
        assert letter.task.error == letter.error != ""
        assert letter.task.attempts >= 1
        assert isinstance(letter.task.input, dict)
        assert letter.task.input["task"] == letter.task.id
        assert letter.input == {"number": int(letter.execution.rpartition("-")[2])}


def test_no_task_has_two_effects(story: Story) -> None:
    keys = Counter((effect.execution, effect.task) for effect in story.effects)
    assert {key: count for key, count in keys.items() if count > 1} == {}, f"{story.name}: more than one key for a task"
    assert [effect for effect in story.effects if effect.effects > 1] == [], story.name


def test_after_the_redrive_all_have_succeeded_with_the_right_outputs(story: Story) -> None:
    found = story.outputs
    assert found.keys() == {f"chaos-{story.seed}-{number}" for number in range(EXECUTIONS)}, story.name
    effects = {(effect.execution, effect.task): effect for effect in story.effects}
    for number in range(EXECUTIONS):
        name = f"chaos-{story.seed}-{number}"
        returned: dict[str, Receipt] = {}
        for receipt in receipts(found[name], number):
            known = returned.setdefault(receipt.task, receipt)
            assert known == receipt, f"{story.name}: {name} has two results of {receipt.task}"
        for task, receipt in returned.items():
            effect = effects[name, task]
            assert (effect.effects, effect.receipt) == (1, receipt.receipt), f"{story.name}: {effect}"


def test_nothing_is_left(story: Story) -> None:
    assert story.messages == {}, f"{story.name}: redriven {story.rounds}"
    assert story.under_way == 0, story.name


def test_the_actor_is_what_failed(story: Story) -> None:
    failed = Counter(letter.error for letter in story.letters)
    assert failed.keys() <= {"Runtime.ExitError", "Sandbox.Timedout", "States.Timeout", *actor.retry.errors}, failed


@pytest.mark.parametrize(
    ("point", "entries"), [("started", {1, 2}), ("called", {1}), ("returned", {2}), ("stored", {1}), ("finished", {1})]
)
def test_a_task_that_died_is_made_up_for(deployed: LocalBackend, point: str, entries: set[int]) -> None:
    deployed.agent(actor, task="c").crashes(when=point)
    run = deployed.run(chaos, number=7)
    assert (run.status, run.error) == ("FAILED", "Runtime.ExitError")
    deployed.sleep(SETTLING_SECONDS)
    executions = Executions(deployed, chaos.name)
    assert executions.redrive_all().exit_code == 0
    assert executions.describe(run.arn)["status"] == "SUCCEEDED"
    effect = effects_of(deployed, run)["c"]
    assert effect.effects == 1
    assert effect.entries in entries, "what is stored is not computed again"


def test_what_is_called_twice_at_once_is_done_once(deployed: LocalBackend) -> None:
    deployed.agent(actor).is_called_twice(times=None)
    run = deployed.run(chaos, number=8)
    deployed.stop_faults()
    assert run.status == "SUCCEEDED", run.cause
    assert {task: (effect.entries, effect.effects) for task, effect in effects_of(deployed, run).items()} == (
        dict.fromkeys(NEEDS, (1, 1))
    )


def effects_of(cloud: LocalBackend, run: Run) -> dict[str, Effect]:
    """Return the effects of an execution by task."""
    return {effect.task: effect for effect in world(cloud) if effect.execution == run.arn.rpartition(":")[2]}
