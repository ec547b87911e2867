"""How long ``stepweave plan`` takes beside ``stepweave synth``, on large graphs.

    python -m benchmarks.planning [TASKS]

A plan compiles a graph with every strategy and simulates the results, so it takes longer than compiling it once; it
ought to take no more than twice as long. Each graph is measured in a process of its own, which tells its peak memory.
"""

from __future__ import annotations

import multiprocessing
import random
import resource
import sys
import time
from datetime import timedelta

from stepweave.compiler.compile import compile_dag
from stepweave.compiler.options import CompileOptions
from stepweave.functions.replayer.contract import replayer
from stepweave.graph.arguments import Constant, ListOf, ResultOf
from stepweave.graph.dag import Dag, Task
from stepweave.planning.plan import plan

TASKS = 10_000
SHAPES = ("chain", "fan-out", "random")
_NEAR = 50


def main(tasks: int) -> None:
    """Measure every shape of so many tasks and print a table."""
    print(f"{'shape':<10}{'durations':<11}{'tasks':>7}{'synth s':>9}{'plan s':>9}{'ratio':>7}{'MB':>6}")
    for shape in SHAPES:
        for known in (False, True):
            with multiprocessing.get_context("spawn").Pool(1) as pool:
                synth, planned, megabytes = pool.apply(measure, (shape, tasks, known))
            durations = "known" if known else "unknown"
            ratio = planned / synth
            print(f"{shape:<10}{durations:<11}{tasks:>7}{synth:>9.2f}{planned:>9.2f}{ratio:>7.2f}{megabytes:>6}")


def measure(shape: str, tasks: int, known: bool) -> tuple[float, float, int]:
    """Return the processor seconds of compiling and of planning a graph, and the peak memory in MiB."""
    dag = graph(shape, tasks)
    chance = random.Random(1)  # noqa: S311 - not for secrets
    options = CompileOptions(
        durations={task.id: chance.choice([1.0, 2.0, 5.0]) for task in dag.tasks} if known else None
    )
    started = time.process_time()
    compile_dag(dag, options)
    compiled = time.process_time()
    plan(dag, options)
    planned = time.process_time()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    return compiled - started, planned - compiled, peak


def graph(shape: str, tasks: int) -> Dag:
    """Make a chain, one task that fans out to all others but the last, or a graph with an edge or two per task."""
    chance = random.Random(1)  # noqa: S311 - not for secrets

    def needs(number: int) -> list[int]:
        match shape:
            case "chain":
                return [number - 1] if number else []
            case "fan-out":
                return list(range(1, tasks - 1)) if number == tasks - 1 else [0][:number]
        near = range(max(0, number - _NEAR), number)
        return sorted(chance.sample(near, min(number, chance.randint(0, 2))))

    def task(number: int) -> Task:
        results = ListOf(tuple(ResultOf(f"t{needed}") for needed in needs(number)))
        return Task(f"t{number}", replayer, (("seconds", Constant(1.0)), ("dependencies", results)))

    return Dag(shape, "", (), tuple(map(task, range(tasks))), None, timedelta(days=300))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else TASKS)
