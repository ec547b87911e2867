"""Every interleaving of what happens at a gate: no wake-up is lost, and none comes too early.

The steps are those of the emitted states and of the runtime, each one atomic as a write of DynamoDB is. An agent may
die after any of its steps and is then invoked again; a wait may be started again with a new token, as a redrive does.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import pytest


@dataclass(frozen=True)
class Gate:
    """The state of a gate's item, of its waiter and of the agents that signal.

    Attributes
    ----------
    arrived : frozenset of int
        The agents that the item counts.
    token : int | None
        The token in the item.
    waiting : int | None
        The token that Step Functions waits for; None before the wait and after it.
    opened : bool
        Whether the state behind the gate was reached.
    started : int
        How many waits were started.
    agents : tuple of str
        Where each agent is: "ready", "arrived" (and has yet to wake), or "done".
    deaths, restarts, repeats : int
        How many may still happen: of an agent, of the wait with a new token, and of the wait's write with the same one,
        whose answer was lost.
    """

    arrived: frozenset[int]
    token: int | None
    waiting: int | None
    opened: bool
    started: int
    agents: tuple[str, ...]
    deaths: int
    restarts: int
    repeats: int


def _steps(gate: Gate) -> Iterator[Gate]:
    need = len(gate.agents)
    if gate.started == 0 or (gate.waiting is not None and gate.restarts):
        restarts = gate.restarts - (gate.started > 0)
        number = gate.started + 1
        if len(gate.arrived) < need:
            yield replace(gate, token=number, waiting=number, started=number, restarts=restarts)
        else:
            yield replace(gate, waiting=None, opened=True, started=number, restarts=restarts)
    if gate.started and gate.repeats:
        again = replace(gate, repeats=gate.repeats - 1)
        # The second write succeeds like the first, or its condition fails, which leads behind the gate.
        yield (
            replace(again, token=gate.started)
            if len(gate.arrived) < need
            else replace(again, waiting=None, opened=True)
        )
    for agent, place in enumerate(gate.agents):
        if place == "ready":
            after = replace(gate, arrived=gate.arrived | {agent}, agents=_moved(gate, agent, "arrived"))
            yield after
        elif place == "arrived":
            woken = len(gate.arrived) >= need and gate.token is not None and gate.token == gate.waiting
            yield replace(
                gate,
                agents=_moved(gate, agent, "done"),
                waiting=None if woken else gate.waiting,
                opened=gate.opened or woken,
            )
        if place != "ready" and gate.deaths:
            # It died before it returned, so Step Functions invokes it again.
            yield replace(gate, agents=_moved(gate, agent, "ready"), deaths=gate.deaths - 1)


def _moved(gate: Gate, agent: int, place: str) -> tuple[str, ...]:
    return (*gate.agents[:agent], place, *gate.agents[agent + 1 :])


@pytest.mark.parametrize("agents", [1, 2, 3])
@pytest.mark.parametrize("deaths", [0, 1, 2])
@pytest.mark.parametrize("restarts", [0, 1, 2])
@pytest.mark.parametrize("repeats", [0, 1, 2])
def test_no_interleaving_loses_a_wake_up_or_wakes_too_early(
    agents: int, deaths: int, restarts: int, repeats: int
) -> None:
    start = Gate(frozenset(), None, None, False, 0, ("ready",) * agents, deaths, restarts, repeats)
    seen, pending, ends = {start}, [start], 0
    while pending:
        gate = pending.pop()
        if gate.opened:
            assert len(gate.arrived) == agents, f"the gate opened too early: {gate}"
        following = list(_steps(gate))
        if not following:
            ends += 1
            assert gate.opened, f"the wait was never woken: {gate}"
        for step in following:
            if step not in seen:
                seen.add(step)
                pending.append(step)
    assert ends > 0
