"""How long small workflows take on the local cloud, warm, through real handlers in their own processes.

The local cloud has a process of its own, as ``stepweave local up`` gives it: whoever asks does not slow it down.

``python benchmarks/latency.py [--runs N] [--quiet]`` prints JSON: for each workflow the median, in milliseconds, from
the start of an execution to its end, and beside it the time that its handlers took (of the busiest path for the N
shape, whose handlers sleep). What is left is the cost of the engine, the invocations, idempotency and gates.

Beside the median of all runs stands that of the runs on quiet cores, see `benchmarks.core_speed`; ``--quiet`` goes on
until there are N of those, though for no more than ten times N runs.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.core_speed import CoreSpeed

from stepweave.compiler.compile import compile_workflow
from stepweave.functions.replayer.contract import ReplayResult, replayer
from stepweave.language.workflow import Workflow, workflow
from stepweave.local_client.process import LocalCloudProcess

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions import SFNClient

# A look takes milliseconds from the execution itself, which knows when it began and when it ended.
_PAUSE_SECONDS = 0.1
_MOST_RUNS = 10


@workflow(timeout=timedelta(minutes=5))
def five_tasks() -> ReplayResult:
    """Fan out to three tasks and join."""
    first = replayer("first")
    middle = [replayer(f"middle_{number}", dependencies=[first]) for number in range(3)]
    return replayer("last", dependencies=middle)


@workflow(timeout=timedelta(minutes=5))
def chain_of_20() -> ReplayResult:
    """Run twenty tasks in a row."""
    task = replayer("task_1")
    for number in range(2, 21):
        task = replayer(f"task_{number}", dependencies=[task])
    return task


@workflow(timeout=timedelta(minutes=5))
def fan_out_100() -> None:
    """Run a hundred tasks side by side."""
    for number in range(100):
        replayer(f"task_{number}")


@workflow(timeout=timedelta(minutes=5))
def n_shape() -> None:
    """Run A before C, and A and B before D: no nesting of sequences and parallels says that without a barrier."""
    a = replayer("a", seconds=0.1)
    b = replayer("b", seconds=2.0)
    replayer("c", seconds=2.0, dependencies=[a])
    replayer("d", seconds=0.1, dependencies=[a, b])


WORKFLOWS: tuple[Workflow, ...] = (five_tasks, chain_of_20, fan_out_100, n_shape)


@dataclass(frozen=True)
class Run:
    """A warm run of a workflow; all in milliseconds.

    Attributes
    ----------
    execution_ms
        How long it took.
    in_handlers_ms
        How long some handler of it was at work.
    loop_ms
        How long the loop that shows the speed of the cores took, before or after it: the longer of the two.
    """

    execution_ms: float
    in_handlers_ms: float
    loop_ms: float


@dataclass(frozen=True)
class Measured:
    """Medians over the warm runs of a workflow, in milliseconds; of those on quiet cores None if there are none."""

    runs: int
    execution_ms: float
    slowest_ms: float
    in_handlers_ms: float
    quiet_runs: int
    quiet_execution_ms: float | None


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0] if __doc__ else None)
    parser.add_argument("--runs", type=int, default=15, help="warm runs of each workflow (default: 15)")
    parser.add_argument("--quiet", action="store_true", help="go on until there are as many on quiet cores")
    arguments = parser.parse_args()
    with CoreSpeed() as speed, tempfile.TemporaryDirectory() as folder, LocalCloudProcess() as cloud:
        cloud.deploy(_assembly(Path(folder)))
        client = cloud.session().client("stepfunctions")
        machines = {
            machine["name"]: machine["stateMachineArn"] for machine in client.list_state_machines()["stateMachines"]
        }
        bench = Bench(client, speed, arguments.runs, until_quiet=arguments.quiet)
        taken = {each.name: bench.runs(machines[f"stepweave-{each.name}"]) for each in WORKFLOWS}
    results: dict[str, object] = {name: asdict(_measured(runs, speed)) for name, runs in taken.items()}
    loops = {"fastest_ms": round(min(speed.loops_ms), 1), "median_ms": round(statistics.median(speed.loops_ms), 1)}
    print(json.dumps(results | {"loop_on_all_cores": loops}, indent=2))


def _assembly(folder: Path) -> Path:
    from stepweave.cdk.platform import this_machine
    from stepweave.cdk.stacks import add_stacks, create_app

    app = create_app(folder, this_machine())
    add_stacks(app, [compile_workflow(each) for each in WORKFLOWS])
    app.synth()
    return folder


@dataclass(frozen=True)
class Bench:
    """Runs workflows, and looks at the machine's speed between any two runs."""

    client: SFNClient
    speed: CoreSpeed
    count: int
    until_quiet: bool

    def runs(self, machine: str) -> list[Run]:
        """Run a workflow, warm, as often as asked for."""
        for _ in range(2):  # starts the worker processes
            _run(self.client, machine)
        runs: list[Run] = []
        before = self.speed.measure()
        while len(runs) < self.count or self._lacks_quiet_ones(runs):
            execution_ms, in_handlers_ms = _run(self.client, machine)
            after = self.speed.measure()
            runs.append(Run(execution_ms, in_handlers_ms, max(before, after)))
            before = after
        return runs

    def _lacks_quiet_ones(self, runs: list[Run]) -> bool:
        quiet = sum(self.speed.is_quiet(run.loop_ms) for run in runs)
        return self.until_quiet and quiet < self.count and len(runs) < _MOST_RUNS * self.count


def _measured(runs: list[Run], speed: CoreSpeed) -> Measured:
    quiet = [run.execution_ms for run in runs if speed.is_quiet(run.loop_ms)]
    return Measured(
        len(runs),
        round(statistics.median(run.execution_ms for run in runs), 1),
        round(max(run.execution_ms for run in runs), 1),
        round(statistics.median(run.in_handlers_ms for run in runs), 1),
        len(quiet),
        round(statistics.median(quiet), 1) if quiet else None,
    )


def _run(client: SFNClient, machine: str) -> tuple[float, float]:
    """Run an execution; return how long it took, and how long some handler of it was at work, in milliseconds."""
    arn = client.start_execution(stateMachineArn=machine, input="{}")["executionArn"]
    while (execution := client.describe_execution(executionArn=arn))["status"] == "RUNNING":
        time.sleep(_PAUSE_SECONDS)
    if execution["status"] != "SUCCEEDED":
        raise SystemExit(f"{arn}: {execution['status']}: {execution.get('cause')}")
    took = (execution["stopDate"] - execution["startDate"]).total_seconds() * 1000
    return took, _covered(list(_handlers(client, arn))) * 1000


def _handlers(client: SFNClient, arn: str) -> Iterator[tuple[float, float]]:
    pages = client.get_paginator("get_execution_history").paginate(executionArn=arn)
    for event in (event for page in pages for event in page["events"]):
        if event["type"] == "LambdaFunctionSucceeded":
            result = ReplayResult.model_validate_json(event["lambdaFunctionSucceededEventDetails"]["output"])
            yield result.started, result.finished


def _covered(spans: list[tuple[float, float]]) -> float:
    """Return how many seconds at least one of the spans covers."""
    total, reached = 0.0, 0.0
    for start, end in sorted(spans):
        total += max(0.0, end - max(start, reached))
        reached = max(reached, end)
    return total


if __name__ == "__main__":
    main()
