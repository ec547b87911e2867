"""Ruff as a process that can fail."""

import contextlib
import os
import resource
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from lambdas.linter.contract import linter

_MEMORY_BYTES = (linter.memory_mb - 512) * 1024 * 1024


class RuffFailedError(Exception):
    """Ruff ended abnormally; another attempt finds it the same.

    Parameters
    ----------
    message : str
        How it ended.
    said : str
        The end of what it wrote to standard error.
    """

    def __init__(self, message: str, said: str = "") -> None:
        super().__init__(message)
        self.said = said


class RuffCrashedError(RuffFailedError):
    """A signal ended ruff: code that is nested too deeply overflows its stack, or it was short of memory."""


@dataclass(frozen=True)
class Ruff:
    """Ruff's binary, run at the top of a tree."""

    binary: Path
    top: Path

    def run(self, *arguments: str) -> Iterator[bytes]:
        """Run ruff to its end, and return the lines that it printed, which are read as they are asked for.

        Raises
        ------
        RuffCrashedError
            If a signal ended it.
        RuffFailedError
            If it ended with another status than 0, or not in the time that the agent has.
        """
        output = tempfile.TemporaryFile()  # noqa: SIM115  - closed when its last line was read
        # Without an environment no RUFF_* variable changes what is found, nor do settings of the user.
        with subprocess.Popen(  # noqa: S603
            [self.binary, *arguments],
            cwd=self.top,
            env={"HOME": os.devnull, "XDG_CONFIG_HOME": os.devnull},
            stdout=output,
            stderr=subprocess.PIPE,
        ) as process:
            if hasattr(resource, "prlimit"):
                with contextlib.suppress(ProcessLookupError):
                    resource.prlimit(process.pid, resource.RLIMIT_AS, (_MEMORY_BYTES, _MEMORY_BYTES))
            try:
                _, errors = process.communicate(timeout=linter.timeout.total_seconds())
            except subprocess.TimeoutExpired:
                process.kill()
                raise RuffFailedError(f"ruff took longer than {linter.timeout}") from None
        said = errors.decode(errors="replace").strip()[-500:]
        if process.returncode < 0:
            raise RuffCrashedError(_cause(-process.returncode, said))
        if process.returncode:
            raise RuffFailedError(
                f"ruff {' '.join(arguments)[:200]} ended with status {process.returncode}: {said}", said
            )
        return _lines(output)


def _lines(output: IO[bytes]) -> Iterator[bytes]:
    with output:
        output.seek(0)
        yield from output


def _cause(number: int, said: str) -> str:
    if "overflowed its stack" in said:
        return "its code is nested too deeply"
    if "memory allocation" in said:
        return "reading it takes more memory than there is"
    return f"ruff was ended by {signal.Signals(number).name}"
