"""Sixty-four environments, each a process of its own, that probe one backend through one breaker.

``python -m tests.integration.breaker_processes ENDPOINT TABLE SEED`` prints what they saw as JSON. The processes are
forked from one that has neither threads nor connections. What they count is in memory that they share.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import random
import signal
import sys
import time
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final

import boto3

from stepweave.contract.breaker import CircuitBreakerConfig
from stepweave.contract.breaker_item import BreakerItem
from stepweave.contract.breaker_transition import Cause, opened
from stepweave.runtime.breaker import CircuitBreaker, CircuitOpenError
from stepweave.runtime.breaker_store import DynamoDBBreakerStore

NAME: Final = "api"
PROCESSES: Final = 64
CONFIG: Final = CircuitBreakerConfig(recovery_timeout=timedelta(seconds=1), success_threshold=12, half_open_max_calls=3)
_LEASE_SECONDS: Final = 20.0
_COMPANY_SECONDS: Final = 15.0
_CLOCK_SKEW_SECONDS: Final = 0.5
_PATIENCE_SECONDS: Final = 120.0
_FORK: Final = multiprocessing.get_context("fork")


class DownError(Exception):
    """The backend is down."""


@dataclass
class Tally:
    """What all processes count together."""

    lock: Any = field(default_factory=_FORK.Lock)
    in_flight: Any = field(default_factory=lambda: _FORK.RawValue("i", 0))
    most_in_flight: Any = field(default_factory=lambda: _FORK.RawValue("i", 0))
    probes: Any = field(default_factory=lambda: _FORK.RawValue("i", 0))
    failures: Any = field(default_factory=lambda: _FORK.RawValue("i", 0))
    deaths: Any = field(default_factory=lambda: _FORK.RawValue("i", 0))
    rejections: Any = field(default_factory=lambda: _FORK.RawValue("i", 0))
    closed: Any = field(default_factory=lambda: _FORK.RawValue("i", 0))

    def began(self) -> None:
        with self.lock:
            self.probes.value += 1
            self.in_flight.value += 1
            self.most_in_flight.value = max(self.most_in_flight.value, self.in_flight.value)

    def ended(self) -> None:
        with self.lock:
            self.in_flight.value -= 1

    def count(self, what: Any) -> None:
        with self.lock:
            what.value += 1


def _probe(chance: random.Random, tally: Tally) -> None:
    """Call the backend, which may fail, and in which the process may die."""
    tally.began()
    patience = time.monotonic() + _COMPANY_SECONDS
    while tally.most_in_flight.value < CONFIG.half_open_max_calls and time.monotonic() < patience:
        time.sleep(0.02)  # for company, so that the budget is used up once, however slow the machine is
    time.sleep(chance.uniform(0.1, 0.4))  # one that came on top would be seen now
    fate = chance.random() if tally.most_in_flight.value >= CONFIG.half_open_max_calls else 1.0
    tally.ended()
    if fate < 0.04:
        tally.count(tally.deaths)
        os.kill(os.getpid(), signal.SIGKILL)
    if 0.04 <= fate < 0.1:
        tally.count(tally.failures)
        raise DownError


def _environment(store: DynamoDBBreakerStore, chance: random.Random, tally: Tally) -> None:
    breaker = CircuitBreaker(NAME, store, CONFIG, clock_skew_seconds=_CLOCK_SKEW_SECONDS)
    patience = time.monotonic() + _PATIENCE_SECONDS
    while not tally.closed.value and time.monotonic() < patience:
        try:
            with breaker.guard(f"process {os.getpid()}", _LEASE_SECONDS) as admission:
                if admission is None or admission.slot is None:
                    tally.closed.value = 1  # no probe: the breaker is closed
                else:
                    _probe(chance, tally)
        except CircuitOpenError:
            tally.count(tally.rejections)
        except DownError:
            pass
        time.sleep(chance.uniform(0.1, 1.0))


def main() -> None:
    """Run the processes until the breaker is closed."""
    endpoint, table, seed = sys.argv[1:]
    # One to open the breaker, and one for the processes, which has no connection that they would share.
    first, store = (DynamoDBBreakerStore(table, boto3.client("dynamodb", endpoint_url=endpoint)) for _ in range(2))
    transition = opened(BreakerItem(), CONFIG, Cause(int(time.time() * 1000), "the test begins", "test"))
    assert first.write(NAME, transition.change).applied
    tally = Tally()
    environments = [
        _FORK.Process(target=_environment, args=(store, random.Random(f"{seed} {number}"), tally))
        for number in range(PROCESSES)
    ]
    for each in environments:
        each.start()
    for each in environments:
        each.join()
    counted = {name: value.value for name, value in vars(tally).items() if name != "lock"}
    failed = [each.exitcode for each in environments if each.exitcode not in {0, -signal.SIGKILL}]
    json.dump({**counted, "failed": failed}, sys.stdout)


if __name__ == "__main__":
    main()
