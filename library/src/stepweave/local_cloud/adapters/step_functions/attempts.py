"""What the engine remembers of an execution, so that it can be ended at once and be redriven later.

An execution is attempted once, and once more by each redrive. How far it came is kept apart from the threads that run
it: for the state machine, and for each branch of a ``Parallel`` and each iteration of a ``Map``, the state that was
entered last and the input that it had, or the output at the end.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any


@dataclass(eq=False)
class Progress:
    """How far one program has come: a state machine, a branch or an iteration.

    Parameters
    ----------
    state
        The state that was entered last; None before the first.
    kind
        The kind of that state as the names of events spell it, such as ``Task``.
    state_input
        The input of that state.
    variables
        The variables of this program when the state was entered.
    entered
        The id of the event that says so.
    is_finished, output
        Whether the program came to its end, and with which output.
    has_failed
        Whether history says already that this iteration failed.
    parts
        The branches or iterations of the state, by their index.
    frame
        The environment of the engine in which the program runs now.
    resumes
        Whether the program goes on at ``state``, which is not entered again.
    keeps_parts
        Whether parts that have finished are not to be run again.
    """

    state: str | None = None
    kind: str = ""
    state_input: Any = None
    variables: dict[str, Any] = field(default_factory=dict)
    entered: int = 0
    is_finished: bool = False
    output: Any = None
    has_failed: bool = False
    parts: dict[int, Progress] = field(default_factory=dict)
    frame: Any = None
    resumes: bool = False
    keeps_parts: bool = False

    def enter(self, state: str, kind: str, state_input: Any, variables: dict[str, Any], event: int) -> None:
        """Remember that a state was entered."""
        self.state, self.kind, self.state_input, self.variables, self.entered = (
            state,
            kind,
            state_input,
            variables,
            event,
        )
        self.parts, self.keeps_parts = {}, False

    def finish(self, output: Any) -> None:
        """Remember that the program came to its end."""
        self.is_finished, self.output = True, output
        self.parts, self.frame = {}, None

    def begin_parts(self) -> None:
        """Begin the branches or iterations of the state: all of them, unless a redrive keeps what has finished."""
        if not self.keeps_parts:
            self.parts = {}
        self.keeps_parts = False

    def part(self, index: int) -> Progress:
        """Return the progress of a branch or iteration."""
        return self.parts.setdefault(index, Progress())

    def prepare_redrive(self, *, reruns_finished: bool) -> None:
        """Make the program go on where it was.

        Parameters
        ----------
        reruns_finished
            Whether a state all of whose parts have finished runs them again: so if their results were too large.
        """
        self.resumes = self.state is not None
        self.keeps_parts = not (reruns_finished and all(part.is_finished for part in self.parts.values()))
        self.has_failed, self.frame = False, None
        for part in self.parts.values():
            if not part.is_finished:
                part.prepare_redrive(reruns_finished=reruns_finished)


class Attempt:
    """One attempt at an execution: the first, or a redrive.

    Parameters
    ----------
    progress
        How far the execution has come.
    execution_arn
        The execution; the child executions of its Map states are parts of it.

    Attributes
    ----------
    lock
        Held while the history is written or the attempt is ended, so that nothing follows the end.
    is_over
        Whether the attempt has ended; whatever still runs for it is ignored.
    """

    def __init__(self, progress: Progress, execution_arn: str = "") -> None:
        self.progress = progress
        self.execution_arn = execution_arn
        self.lock = threading.RLock()
        self.is_over = False
        self._at_end: list[Callable[[], object]] = []

    def at_end(self, action: Callable[[], object]) -> None:
        """Do something when the attempt ends."""
        self._at_end.append(action)

    def end(self) -> None:
        """End the attempt; the caller holds the lock."""
        self.is_over = True
        for action in self._at_end:
            action()
        self._at_end.clear()
