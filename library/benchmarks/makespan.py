"""How close to its critical path each graph of a folder runs: simulated, and measured on the local cloud.

``python benchmarks/makespan.py DIR [--json]`` compiles every DAG file of a folder with every strategy and simulates
what was emitted. Then it runs the graphs of up to 200 tasks on the local cloud, through real handlers that sleep as
long as their tasks took, scaled to a critical path of about 10 seconds; ``--measure 0`` leaves that out. Where a file
says that durations are unknown they are drawn: log-normal, sigma 1, from several seeds.

Makespans are shares of the critical path: the largest of all seeds for ``gates`` and ``auto``, the median for
``levels``. Transitions are per task. ``least`` is a bound that no state machine without needless waiting can beat.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table

from stepweave.compiler.compile import CompiledWorkflow, compile_dag
from stepweave.compiler.options import CompileOptions
from stepweave.dag_files.dag_file import DagFile
from stepweave.dag_files.read import read_dag_file
from stepweave.functions.replayer.contract import ReplayResult
from stepweave.functions.replayer.lineage import lineage
from stepweave.graph.arguments import results_in
from stepweave.graph.critical_path import critical_path_seconds
from stepweave.graph.lower_bound import least_states
from stepweave.graph.order import order_of
from stepweave.graph.strategy import STRATEGIES, Strategy
from stepweave.local_client.process import LocalCloudProcess
from stepweave.planning.plan import Plan, plan

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions import SFNClient

_SIGMA = 1.0
_PAUSE_SECONDS = 0.05
_OVERHEAD_SECONDS = 120
_SLOW = 1.05
_BATCH_BYTES = 200_000


@dataclass(frozen=True)
class Simulated:
    """A strategy's figures: makespan as a share of the critical path, transitions per task."""

    makespan: float
    transitions_per_task: float
    gates: float


@dataclass(frozen=True)
class Row:
    """What is known of one graph."""

    graph: str
    tasks: int
    series_parallel: bool
    durations: str
    critical_path_seconds: float
    least_transitions_per_task: float
    simulated: Mapping[Strategy, Simulated]
    compile_seconds: float
    plan_seconds: float
    measured: float | None = None
    wrong: tuple[str, ...] = ()


def main() -> None:
    """Simulate, measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0] if __doc__ else None)
    parser.add_argument("folder", type=Path, help="a folder of DAG files")
    parser.add_argument("--seeds", type=int, default=5, help="draws of unknown durations (default: 5)")
    parser.add_argument(
        "--measure", type=int, default=200, metavar="TASKS", help="measure graphs of up to so many tasks (default: 200)"
    )
    parser.add_argument("--seconds", type=float, default=10.0, help="critical path of what is measured (default: 10)")
    parser.add_argument("--strategy", choices=STRATEGIES, default="gates", help="what is measured (default: gates)")
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    given = parser.parse_args()

    files = [read_dag_file(path, shorten_ids=True) for path in sorted(given.folder.glob("*.json"))]
    if not files:
        raise SystemExit(f"{given.folder}: holds no *.json")
    rows = {file.name: _simulated(file, given.seeds) for file in files}
    small = [file for file in files if len(file.tasks) <= given.measure]
    if small:
        for name, measured, wrong in _measured(small, given.strategy, given.seconds):
            rows[name] = replace(rows[name], measured=measured, wrong=wrong)
    if given.json:
        print(json.dumps([asdict(row) for row in rows.values()], indent=2))
    else:
        _show(list(rows.values()))


def _simulated(file: DagFile, seeds: int) -> Row:
    _say(f"simulating {file.path.stem}")
    drawn = list(_drawn(file, seeds))
    began = time.perf_counter()
    compile_dag(drawn[0].dag(), CompileOptions(durations=drawn[0].durations))
    compiled = time.perf_counter()
    plans = [plan(one.dag(), CompileOptions(durations=one.durations)) for one in drawn]
    planned = (time.perf_counter() - compiled) / len(plans)
    return Row(
        graph=file.path.stem,
        tasks=plans[0].tasks,
        series_parallel=plans[0].series_parallel,
        durations="recorded" if file.durations else "drawn",
        critical_path_seconds=round(statistics.median(each.critical_path_seconds for each in plans), 3),
        least_transitions_per_task=round(1 + least_states(order_of(file.dependencies)) / plans[0].tasks, 3),
        simulated={strategy: _figures(strategy, plans) for strategy in STRATEGIES},
        compile_seconds=round(compiled - began, 3),
        plan_seconds=round(planned, 3),
    )


def _drawn(file: DagFile, seeds: int) -> Iterator[DagFile]:
    """Yield the file, or if its durations are unknown one with drawn durations for each seed."""
    if file.durations:
        yield file
        return
    for seed in range(seeds):
        chance = random.Random(seed)  # noqa: S311 - not for secrets
        tasks = tuple(replace(task, seconds=chance.lognormvariate(0, _SIGMA)) for task in file.tasks)
        yield replace(file, tasks=tasks)


def _figures(strategy: Strategy, plans: list[Plan]) -> Simulated:
    made = [each.strategies[strategy] for each in plans]
    shares = [each.makespan_seconds / whole.critical_path_seconds for each, whole in zip(made, plans, strict=True)]
    return Simulated(
        makespan=round(statistics.median(shares) if strategy == "levels" else max(shares), 6),
        transitions_per_task=round(statistics.mean(each.transitions for each in made) / plans[0].tasks, 3),
        gates=round(statistics.mean(each.gates for each in made), 1),
    )


def _measured(files: list[DagFile], strategy: Strategy, seconds: float) -> Iterator[tuple[str, float, tuple[str, ...]]]:
    """Run graphs on the local cloud; yield each one's name, makespan by critical path, and what went wrong."""
    scaled = {file.name: _scaled(next(_drawn(file, 1)), seconds) for file in files}
    compiled = {
        name: compile_dag(file.dag(), CompileOptions(strategy, file.durations)) for name, file in scaled.items()
    }
    with LocalCloudProcess() as cloud:
        client = cloud.session().client("stepfunctions")
        for batch in _batches(compiled.values()):
            with tempfile.TemporaryDirectory() as folder:
                cloud.deploy(_assembly(Path(folder), batch))
            machines = {
                machine["name"]: machine["stateMachineArn"] for machine in client.list_state_machines()["stateMachines"]
            }
            for workflow in batch:
                file = scaled[workflow.name]
                least = critical_path_seconds(file.dependencies, file.replayed_seconds())
                machine = machines[f"stepweave-{workflow.name}"]
                arn, took = _run(client, machine, least)
                if took > least * _SLOW:  # the first run of a wide graph starts its workers
                    arn, took = _run(client, machine, least)
                _say(f"measured {file.path.stem}: {took / least:.3f}")
                yield workflow.name, round(took / least, 4), tuple(_wrong(workflow, _results(client, arn)))


def _batches(workflows: Iterable[CompiledWorkflow]) -> Iterator[list[CompiledWorkflow]]:
    """Yield workflows that fit into one CloudFormation template together."""
    batch: list[CompiledWorkflow] = []
    for workflow in workflows:
        batch.append(workflow)
        if sum(len(each.to_json()) for each in batch) > _BATCH_BYTES:
            yield batch
            batch = []
    if batch:
        yield batch


def _scaled(file: DagFile, seconds: float) -> DagFile:
    """Scale a file to a critical path of so many seconds, in whole milliseconds."""
    durations = file.durations or {}
    scale = seconds / critical_path_seconds(file.dependencies, durations)
    tasks = tuple(replace(task, seconds=round(durations.get(task.id, 0.0) * scale, 3)) for task in file.tasks)
    return replace(file, tasks=tasks)


def _assembly(folder: Path, workflows: Iterable[CompiledWorkflow]) -> Path:
    from stepweave.cdk.platform import this_machine
    from stepweave.cdk.stacks import add_stacks, create_app

    app = create_app(folder, this_machine())
    add_stacks(app, workflows)
    app.synth()
    return folder


def _run(client: SFNClient, machine: str, least: float) -> tuple[str, float]:
    """Run an execution; return its ARN and how many seconds it took."""
    arn = client.start_execution(stateMachineArn=machine, input="{}")["executionArn"]
    deadline = time.monotonic() + 5 * least + _OVERHEAD_SECONDS
    while (execution := client.describe_execution(executionArn=arn))["status"] == "RUNNING":
        if time.monotonic() > deadline:
            raise SystemExit(f"{arn}: does not end")
        time.sleep(_PAUSE_SECONDS)
    if execution["status"] != "SUCCEEDED":
        raise SystemExit(f"{arn}: {execution['status']}: {execution.get('error')} {execution.get('cause')}")
    return arn, (execution["stopDate"] - execution["startDate"]).total_seconds()


def _results(client: SFNClient, arn: str) -> Iterator[ReplayResult]:
    pages = client.get_paginator("get_execution_history").paginate(executionArn=arn)
    for event in (event for page in pages for event in page["events"]):
        if event["type"] == "LambdaFunctionSucceeded":
            yield ReplayResult.model_validate_json(event["lambdaFunctionSucceededEventDetails"]["output"])


def _wrong(workflow: CompiledWorkflow, results: Iterable[ReplayResult]) -> Iterator[str]:
    """Yield what an execution did that the graph does not allow."""
    by_task: dict[str, ReplayResult] = {}
    for result in results:
        if result.task in by_task:
            yield f"{result.task} ran twice"
        by_task[result.task] = result
    for task in workflow.dag.tasks:
        if task.id not in by_task:
            yield f"{task.id} did not run"
            continue
        result = by_task[task.id]
        arguments = dict(task.arguments)
        used = list(results_in(arguments["dependencies"])) if "dependencies" in arguments else []
        if any(by_task[needed].finished > result.started for needed in task.dependencies if needed in by_task):
            yield f"{task.id} started before its dependencies had ended"
        if result.lineage != lineage(task.id, [by_task[needed].model_dump(mode="json") for needed in used]):
            yield f"{task.id} was not given the results of its dependencies"


def _show(rows: list[Row]) -> None:
    table = Table(title="makespan / critical path, and transitions per task")
    table.add_column("graph", max_width=44, no_wrap=True)
    for column in ("tasks", "levels", "gates", "auto", "measured", "tr. levels", "gates", "auto", "least", "compile"):
        table.add_column(column, justify="right")
    for row in rows:
        shares = [f"{row.simulated[strategy].makespan:.3f}" for strategy in ("levels", "gates", "auto")]
        transitions = [
            f"{row.simulated[strategy].transitions_per_task:.2f}" for strategy in ("levels", "gates", "auto")
        ]
        measured = "" if row.measured is None else f"{row.measured:.3f}{' !' if row.wrong else ''}"
        least = f"{row.least_transitions_per_task:.2f}"
        table.add_row(row.graph, str(row.tasks), *shares, measured, *transitions, least, f"{row.compile_seconds:.2f} s")
    console = Console(width=None if sys.stdout.isatty() else 150)
    console.print(table)
    for row in rows:
        for what in row.wrong:
            console.print(f"{row.graph}: {what}")
    for title, chosen in (
        ("all graphs", rows),
        ("not series-parallel", [row for row in rows if not row.series_parallel]),
    ):
        if chosen:
            console.print(f"{title}: {_summary(chosen)}")


def _summary(rows: list[Row]) -> str:
    said = [
        f"{strategy} at most {max(row.simulated[strategy].makespan for row in rows):.3f} with "
        f"{statistics.median(row.simulated[strategy].transitions_per_task for row in rows):.3f} transitions per task "
        "at the median"
        for strategy in STRATEGIES
    ]
    measured = [row.measured for row in rows if row.measured is not None]
    if measured:
        said.append(f"measured {statistics.median(measured):.3f} at the median, {max(measured):.3f} at worst")
    return "; ".join([f"{len(rows)}", *said])


def _say(what: str) -> None:
    print(what, file=sys.stderr)


if __name__ == "__main__":
    main()
