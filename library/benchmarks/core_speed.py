"""How fast the machine's cores are at a moment: they share what they have with other machines, which shows.

On a machine in a cloud the same loop can take twice as long from one second to the next. A time that was measured
between two loops that took no longer than on an idle machine was measured on quiet cores.
"""

from __future__ import annotations

import multiprocessing
import os
import time
from contextlib import ExitStack, suppress
from multiprocessing.connection import Connection
from types import TracebackType
from typing import Self

_ROUNDS = 100_000
_TOLERANCE = 1.25


class CoreSpeed:
    """Runs the same loop on all cores at once, in a process for each.

    Attributes
    ----------
    loops_ms : list of float
        What the slowest core took each time, in milliseconds.
    """

    def __init__(self) -> None:
        self.loops_ms: list[float] = []
        self._resources = ExitStack()
        self._pipes: list[Connection[bool, float]] = []

    def __enter__(self) -> Self:
        context = multiprocessing.get_context("spawn")
        for core in sorted(os.sched_getaffinity(0)):
            ours, theirs = context.Pipe()
            process = context.Process(target=_run_loops, args=(theirs, core), daemon=True)
            process.start()
            theirs.close()
            self._resources.callback(process.join)
            self._resources.enter_context(ours)
            self._pipes.append(ours)
        self.measure()  # which waits for the processes to start, and warms them up
        self.loops_ms.clear()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._resources.close()

    def measure(self) -> float:
        """Return how long the loop takes now on the slowest core, in milliseconds."""
        for pipe in self._pipes:
            pipe.send(True)
        self.loops_ms.append(max(pipe.recv() for pipe in self._pipes))
        return self.loops_ms[-1]

    def is_quiet(self, loop_ms: float) -> bool:
        """Tell whether a loop took hardly longer than the fastest of all."""
        return loop_ms <= min(self.loops_ms) * _TOLERANCE


def _run_loops(pipe: Connection[float, bool], core: int) -> None:
    os.sched_setaffinity(0, {core})
    with suppress(EOFError, KeyboardInterrupt):
        while pipe.recv():
            began = time.perf_counter()
            sum(number * number for number in range(_ROUNDS))
            pipe.send((time.perf_counter() - began) * 1000)
