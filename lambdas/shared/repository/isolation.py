"""Read untrusted files in processes of their own, so that no file can take the agent down.

A parser can be made to use any amount of memory, time or stack. Here it does so in a child process with a limit
on each; what it costs is the one file, which is reported as skipped.
"""

import json
import os
import selectors
import subprocess
import sys
import tempfile
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import chain, repeat
from pathlib import Path
from typing import IO, Generic, Self, TypeVar

from pydantic import BaseModel

from lambdas.shared.repository.contract import SkippedFile
from lambdas.shared.repository.files import display_name

ModelT = TypeVar("ModelT", bound=BaseModel)

_STARTUP_SECONDS = 60.0
_MAX_PROCESSES = 4
_CHUNK = 1024 * 1024


def _processors() -> int:
    return min(_MAX_PROCESSES, os.cpu_count() or 1)


class IsolationError(Exception):
    """The child process did not start; the agent's bundle is broken, and another attempt finds it the same."""


@dataclass(frozen=True)
class Limits:
    """What reading files may cost.

    Parameters
    ----------
    memory_mb : int
        MiB of address space of all processes together.
    seconds : float
        Seconds that one file may take.
    file_bytes : int
        Bytes of the largest file that is read.
    processes : int
        How many processes share the files.
    """

    memory_mb: int
    seconds: float = 60.0
    file_bytes: int = 10 * 1024 * 1024
    processes: int = field(default_factory=_processors)


@dataclass(frozen=True)
class Inspection(Generic[ModelT]):
    """What was found in files, and which could not be read; both in the order of the files."""

    results: dict[str, ModelT]
    skipped: list[SkippedFile]


def inspect_files(
    inspect: Callable[[str], ModelT], output: type[ModelT], tree: Path, paths: Sequence[str], limits: Limits
) -> Inspection[ModelT]:
    """Call a function on each file of a tree, in child processes.

    Parameters
    ----------
    inspect : Callable[[str], ModelT]
        A function of an importable module. It is called in the child, at the top of the tree, with a file's
        relative path. An exception that it raises becomes the reason why the file is skipped.
    output : type[ModelT]
        The type of what `inspect` returns.
    tree : Path
        The top of the tree.
    paths : Sequence[str]
        The files, relative to `tree`.
    limits : Limits
        What reading them may cost.

    Returns
    -------
    Inspection[ModelT]
        The results by path, and the files that were skipped.

    Raises
    ------
    IsolationError
        If the child process does not start.
    """
    small = [path for path in paths if not _larger(tree / path, limits.file_bytes)]
    # Neighbours tend to be alike in size, so the files are dealt out in turn.
    shares = [share for first in range(limits.processes) if (share := small[first :: limits.processes])]
    answers: dict[str, dict[str, object]] = {}
    if shares:
        with ThreadPoolExecutor(len(shares)) as pool:
            collected = pool.map(
                _collect, repeat((inspect.__module__, inspect.__qualname__)), repeat(tree), shares, repeat(limits)
            )
            answers.update(chain.from_iterable(collected))
    too_large = {"skipped": f"larger than {limits.file_bytes:,} bytes"}
    results: dict[str, ModelT] = {}
    skipped: list[SkippedFile] = []
    for path in paths:
        answer = answers.get(path, too_large)
        if "result" in answer:
            results[path] = output.model_validate(answer["result"])
        else:
            skipped.append(SkippedFile(path=display_name(path), reason=str(answer["skipped"])))
    return Inspection(results, skipped)


def _larger(path: Path, size: int) -> bool:
    try:
        return path.stat().st_size > size
    except OSError:
        return False  # the child finds out what is wrong, and says so


def _collect(
    function: tuple[str, str], tree: Path, paths: Sequence[str], limits: Limits
) -> list[tuple[str, dict[str, object]]]:
    """Read one share of the files; a child that ends early is replaced, and goes on after the file that ended it."""
    answered: list[tuple[str, dict[str, object]]] = []
    remaining = deque(paths)
    while remaining:
        before = len(remaining)
        with _Child(function, tree, remaining, limits) as child:
            answered.extend((remaining.popleft(), answer) for answer in child.answers())
        # A child that was short of memory ends of its own accord after it has said so.
        if remaining and (child.failure or len(remaining) == before):
            answered.append((remaining.popleft(), {"skipped": child.failure or "the process that read it ended"}))
    return answered


class _Child:
    """One child process, which answers with a line of JSON for each file in turn."""

    failure: str | None = None
    """Why the file that would have come next has no answer; None if the child ended of its own accord."""

    def __init__(self, function: tuple[str, str], tree: Path, paths: Sequence[str], limits: Limits) -> None:
        self._seconds = limits.seconds
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115  - closed by __exit__
        memory = limits.memory_mb // limits.processes * 1024 * 1024
        with tempfile.TemporaryFile() as questions:
            questions.write(b"\0".join(os.fsencode(path) for path in paths))
            questions.seek(0)
            self._process = subprocess.Popen(  # noqa: S603
                # -P: a repository's own modules must never be imported, whatever they are called.
                [
                    sys.executable,
                    "-P",
                    "-W",
                    "ignore",
                    "-m",
                    "lambdas.shared.repository.isolated",
                    *function,
                    str(tree),
                    str(memory),
                ],
                stdin=questions,
                stdout=subprocess.PIPE,
                stderr=self._errors,
                env={**os.environ, "PYTHONPATH": os.pathsep.join(map(os.path.abspath, sys.path))},
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait()
        self._errors.close()
        if self._process.stdout:
            self._process.stdout.close()

    def answers(self) -> Iterator[dict[str, object]]:
        lines = self._lines()
        if next(lines, None) is None:
            self._errors.seek(0)
            said = self._errors.read().decode(errors="replace")[-2000:]
            raise IsolationError(f"the process that reads files did not start: {self.failure or said}")
        for line in lines:
            yield json.loads(line)
        if self.failure is None and (status := self._process.wait()):
            self.failure = f"the process that read it ended with status {status}"

    def _lines(self) -> Iterator[bytes]:
        pipe = self._process.stdout
        assert pipe is not None  # noqa: S101
        rest = b""
        limit = _STARTUP_SECONDS
        with selectors.DefaultSelector() as selector:
            selector.register(pipe, selectors.EVENT_READ)
            while True:
                *lines, rest = self._read(selector, pipe, rest, limit).split(b"\n")
                yield from lines
                if not lines:
                    return
                limit = self._seconds

    def _read(self, selector: selectors.BaseSelector, pipe: IO[bytes], rest: bytes, seconds: float) -> bytes:
        """Read until a line has ended; what comes back has no line if the child ended or took too long."""
        parts = [rest]
        deadline = time.monotonic() + seconds
        while b"\n" not in parts[-1]:
            if not selector.select(deadline - time.monotonic()):
                self.failure = f"reading it took longer than {seconds:g} seconds"
                break
            if not (part := os.read(pipe.fileno(), _CHUNK)):
                break
            parts.append(part)
        return b"".join(parts)
