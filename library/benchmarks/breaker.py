"""What a circuit breaker costs in DynamoDB operations.

``python library/benchmarks/breaker.py [--calls N]`` prints JSON: for each situation the reads and writes per call, counted at
the AWS SDK, and the bound that they must stay below. The table is moto's; the clock is moved by hand.
"""

from __future__ import annotations

import argparse
import itertools
import json
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from dataclasses import asdict, dataclass, field

import boto3
from moto import mock_aws

from stepweave.runtime.breaker import CircuitBreaker, CircuitBreakerConfig, CircuitOpenError
from stepweave.runtime.breaker_store import DynamoDBBreakerStore

ENVIRONMENTS = 20
CALL_SECONDS = 0.1


class DownError(Exception):
    """The backend is down."""


@dataclass(frozen=True)
class Cost:
    """Operations per call, and the most that they may be."""

    calls: int
    reads_per_call: float
    consistent_reads_per_call: float
    writes_per_call: float
    most_reads_per_call: float
    most_writes_per_call: float


@dataclass
class Fleet:
    """Environments with a breaker each, and a count of what they ask of DynamoDB."""

    config: CircuitBreakerConfig = field(default_factory=CircuitBreakerConfig)
    time: float = 1_000_000.0
    operations: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        client = boto3.client("dynamodb", region_name="us-east-1")
        client.create_table(
            TableName="breakers",
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )
        client.meta.events.register("provide-client-params.dynamodb", self._count)
        store = DynamoDBBreakerStore("breakers", client)
        self.breakers = [CircuitBreaker("api", store, self.config, lambda: self.time) for _ in range(ENVIRONMENTS)]

    def _count(self, params: dict[str, object], model: object, **_: object) -> None:
        name = str(getattr(model, "name", ""))
        self.operations[f"{name} consistent" if params.get("ConsistentRead") else name] += 1

    def call(self, breaker: CircuitBreaker, seconds: float = CALL_SECONDS, *, healthy: bool = True) -> None:
        """Call the backend."""

        def backend() -> None:
            self.time += seconds
            if not healthy:
                raise DownError

        with suppress(DownError, CircuitOpenError):
            breaker.call(backend)

    def in_turn(self, calls: int) -> Iterator[CircuitBreaker]:
        """Yield the environments one after another."""
        return itertools.islice(itertools.cycle(self.breakers), calls)

    def cost(self, calls: int, run: Callable[[], None], *, reads: float, writes: float) -> Cost:
        """Run something of so many calls, and return what each of them cost."""
        self.operations.clear()
        run()
        eventual, consistent = self.operations["GetItem"], self.operations["GetItem consistent"]
        written = self.operations["UpdateItem"]
        cost = Cost(calls, eventual / calls, consistent / calls, written / calls, reads, writes)
        if eventual + consistent > reads * calls or written > writes * calls:
            raise SystemExit(f"over the bound: {cost}")
        return cost

    def half_open(self) -> None:
        """Let the breaker open, and its recovery timeout pass."""
        for breaker in self.in_turn(self.config.failure_threshold):
            self.call(breaker, healthy=False)
        self.time += self.config.recovery_timeout.total_seconds()


def main() -> None:
    """Count and print."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0] if __doc__ else None)
    parser.add_argument("--calls", type=int, default=1000, help="calls while closed and while open (default: 1000)")
    calls = parser.parse_args().calls
    measures = {
        f"closed and healthy, calls of {CALL_SECONDS:g} s": _closed,
        "closed and healthy, an environment that calls every millisecond": _closed_quick,
        "failing, until it opens": _failing,
        "open": _open,
        "half-open, probes": _probes,
        "half-open, all at once": _crowd,
    }
    results = {}
    for name, measure in measures.items():
        with mock_aws():
            results[name] = asdict(measure(Fleet(), calls))
    print(json.dumps(results, indent=2))


def _closed(fleet: Fleet, calls: int) -> Cost:
    def run() -> None:
        for breaker in fleet.in_turn(calls):
            fleet.call(breaker)

    return fleet.cost(calls, run, reads=1, writes=0)


def _closed_quick(fleet: Fleet, calls: int) -> Cost:
    def run() -> None:
        for _ in range(calls):
            fleet.call(fleet.breakers[0], 0.001)

    return fleet.cost(calls, run, reads=0.06, writes=0)


def _failing(fleet: Fleet, calls: int) -> Cost:  # noqa: ARG001 - the threshold says how many
    threshold = fleet.config.failure_threshold

    def run() -> None:
        for breaker in fleet.in_turn(threshold):
            fleet.call(breaker, healthy=False)

    return fleet.cost(threshold, run, reads=1, writes=1 + 1 / threshold)


def _open(fleet: Fleet, calls: int) -> Cost:
    for breaker in fleet.in_turn(fleet.config.failure_threshold):
        fleet.call(breaker, healthy=False)

    def run() -> None:
        for breaker in fleet.in_turn(calls):
            fleet.call(breaker)
            fleet.time += 0.01

    return fleet.cost(calls, run, reads=1, writes=0)


def _probes(fleet: Fleet, calls: int) -> Cost:  # noqa: ARG001
    fleet.half_open()
    threshold = fleet.config.success_threshold

    def run() -> None:
        for breaker in fleet.in_turn(threshold):
            fleet.call(breaker)

    return fleet.cost(threshold, run, reads=1, writes=2 + 1 / threshold)


def _crowd(fleet: Fleet, calls: int) -> Cost:  # noqa: ARG001
    """Every environment asks while as many probes are in flight as may be."""
    fleet.half_open()

    def run() -> None:
        with ExitStack() as probes:
            for breaker in fleet.breakers:
                with suppress(CircuitOpenError):
                    probes.enter_context(breaker.guard())
            fleet.time += CALL_SECONDS

    probes = fleet.config.half_open_max_calls
    return fleet.cost(ENVIRONMENTS, run, reads=1, writes=(2 * probes + 2) / ENVIRONMENTS)


if __name__ == "__main__":
    main()
