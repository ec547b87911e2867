"""Runs concurrent processes on a clock of their own: time passes only when every process waits."""

from __future__ import annotations

import heapq
from collections.abc import Generator
from dataclasses import dataclass, field
from typing import Any, TypeAlias


@dataclass(frozen=True)
class Sleep:
    """Wait for some seconds."""

    seconds: float


@dataclass(frozen=True)
class Fork:
    """Run processes side by side and wait for the results of all; the first that fails ends the others."""

    children: tuple[Process, ...]


@dataclass(eq=False)
class Signal:
    """Something to wait for that happens once."""

    happened: bool = False
    waiting: list[_Running] = field(default_factory=list)


Request: TypeAlias = "Sleep | Fork | Signal"
Process: TypeAlias = "Generator[Request, Any, Any]"


@dataclass(eq=False)
class _Running:
    process: Process
    parent: _Running | None = None
    number: int = 0
    results: list[Any] = field(default_factory=list)
    unfinished: int = 0
    children: list[_Running] = field(default_factory=list)
    ended: bool = False


class Clock:
    """Runs processes.

    Example
    -------
    >>> def process():
    ...     yield Sleep(2.0)
    ...     return "done"
    >>> clock = Clock()
    >>> clock.run(process()), clock.now
    ('done', 2.0)
    """

    def __init__(self) -> None:
        self.now = 0.0
        self._agenda: list[tuple[float, int, _Running, Any]] = []
        self._counter = 0

    def run(self, process: Process) -> Any:
        """Run a process to its end and return its result.

        Raises
        ------
        DeadlockError
            If every process waits for a signal that no one will give.
        """
        root = _Running(process)
        self._wake(root, None)
        while self._agenda and not root.ended:
            self.now, _, running, value = heapq.heappop(self._agenda)
            if not running.ended:
                self._advance(running, value)
        if not root.ended:
            raise DeadlockError(f"at {self.now} seconds every process waits for another")
        return root.results[0]

    def give(self, signal: Signal) -> None:
        """Let a signal happen: all that wait for it go on."""
        signal.happened = True
        for running in signal.waiting:
            self._wake(running, None)
        signal.waiting.clear()

    def _wake(self, running: _Running, value: Any, delay: float = 0.0) -> None:
        self._counter += 1
        heapq.heappush(self._agenda, (self.now + delay, self._counter, running, value))

    def _advance(self, running: _Running, value: Any, error: Exception | None = None) -> None:
        try:
            request = running.process.throw(error) if error else running.process.send(value)
        except StopIteration as end:
            self._finish(running, end.value)
            return
        except Exception as failure:
            running.ended = True
            if running.parent is None:
                raise
            self._stop(running.parent.children)
            self._advance(running.parent, None, failure)
            return
        match request:
            case Sleep(seconds):
                self._wake(running, None, seconds)
            case Signal(happened=True):
                self._wake(running, None)
            case Signal():
                request.waiting.append(running)
            case Fork(children):
                running.children = [_Running(child, running, number) for number, child in enumerate(children)]
                running.results, running.unfinished = [None] * len(children), len(children)
                for child in running.children:
                    self._wake(child, None)
                if not children:
                    self._wake(running, [])

    def _finish(self, running: _Running, result: Any) -> None:
        running.ended = True
        if running.parent is None:
            running.results = [result]
            return
        running.parent.results[running.number] = result
        running.parent.unfinished -= 1
        if running.parent.unfinished == 0:
            self._wake(running.parent, running.parent.results)

    def _stop(self, processes: list[_Running]) -> None:
        for running in processes:
            running.ended = True
            self._stop(running.children)


class DeadlockError(Exception):
    """Processes wait for one another for ever."""
