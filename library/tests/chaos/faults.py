"""What goes wrong: chosen by a seed, and so often that a good part of the executions fails."""

from __future__ import annotations

import random
from typing import Final, TypedDict

from stepweave.testing.agent_control import CrashPoint
from stepweave.testing.local_backend import LocalBackend
from tests.chaos.agents.actor.contract import actor

DEAD_LETTERS_FUNCTION: Final = "stepweave-dead-letters"

_CALLED_BY_AGENTS: Final = {"dynamodb": (), "stepfunctions": ("SendTaskSuccess",)}
_CALLED_FOR_DEAD_LETTERS: Final = {
    "sqs": ("GetQueueUrl", "SendMessage"),
    "stepfunctions": ("DescribeExecution", "GetExecutionHistory"),
}
_CALLED_FOR_REDRIVES: Final = {
    "sqs": ("ChangeMessageVisibility", "DeleteMessage", "ReceiveMessage"),
    "stepfunctions": ("RedriveExecution", "StartExecution"),
    "lambda": ("Invoke",),
}


class _Chance(TypedDict):
    probability: float
    seed: int


def inject_faults(cloud: LocalBackend, seed: int) -> None:
    """Let workers be killed, services fail and throttle, answers be lost, and calls come late and twice."""
    chance = random.Random(seed)

    def chosen(probability: float) -> _Chance:
        return {"probability": probability, "seed": chance.getrandbits(32)}

    agent = cloud.agent(actor)
    for point in CrashPoint:
        agent.crashes(times=None, when=point, **chosen(0.012))
    agent.is_throttled(**chosen(0.03))
    agent.is_unavailable(**chosen(0.02))
    agent.is_called_twice(times=None, **chosen(0.04))
    agent.delays(0.2, **chosen(0.05))

    letters = cloud.function(DEAD_LETTERS_FUNCTION)
    for point in (CrashPoint.STARTED, CrashPoint.FINISHED):
        letters.crashes(times=None, when=point, **chosen(0.05))
    letters.is_throttled(**chosen(0.05))
    letters.is_called_twice(times=None, **chosen(0.1))

    for service, operations in _CALLED_BY_AGENTS.items():
        control = cloud.service(service)
        control.throttles(0.03, seed=chance.getrandbits(32), operations=operations)
        control.fails(0.03, seed=chance.getrandbits(32), operations=operations)
        control.loses_answers(0.005, seed=chance.getrandbits(32), operations=operations)
        control.delays(0.1, 0.01, seed=chance.getrandbits(32), operations=operations)
    for service, operations in _CALLED_FOR_DEAD_LETTERS.items():
        control = cloud.service(service)
        control.throttles(0.1, seed=chance.getrandbits(32), operations=operations)
        control.fails(0.1, seed=chance.getrandbits(32), operations=operations)
        control.loses_answers(0.05, seed=chance.getrandbits(32), operations=operations)


def inject_faults_of_redrives(cloud: LocalBackend, seed: int) -> None:
    """Let the calls of who redrives fail too, and their answers be lost."""
    chance = random.Random(seed + 1)
    for service, operations in _CALLED_FOR_REDRIVES.items():
        control = cloud.service(service)
        control.throttles(0.1, seed=chance.getrandbits(32), operations=operations)
        control.loses_answers(0.1, seed=chance.getrandbits(32), operations=operations)
