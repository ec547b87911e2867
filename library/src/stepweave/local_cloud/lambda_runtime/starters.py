"""The threads that start workers: a few starts at once, and none that waits for ever for its turn."""

import os
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

AT_ONCE = 2 * (os.cpu_count() or 1)
PATIENCE_SECONDS = 1.0


class Starters:
    """Runs starts side by side. Thread-safe.

    More starts at once than cores can serve only slow one another down, and the calls that they are for. But a start
    may also wait, for a network or a sleep in its handler's module, and so keeps nobody waiting for more than a moment.

    Its threads live until `close`, as those must that start workers: Linux ends a process with the thread that started
    it.

    Parameters
    ----------
    threads : int
        How many starts there may be, those that wait for their turn too.
    at_once : int
        How many starts begin at once.
    patience_seconds : float
        After how long a start begins all the same.
    """

    def __init__(self, threads: int, at_once: int = AT_ONCE, patience_seconds: float = PATIENCE_SECONDS) -> None:
        self._threads = ThreadPoolExecutor(threads + at_once, thread_name_prefix="lambda-start")
        self._turns = threading.Semaphore(at_once)
        self._patience_seconds = patience_seconds

    def start(self, is_needed: Callable[[], bool], action: Callable[[], object]) -> None:
        """Do something when its turn comes, if it is still needed then."""
        self._threads.submit(self._take_turn, is_needed, action)

    def run(self, action: Callable[[], object]) -> None:
        """Do something else that takes a while."""
        self._threads.submit(action)

    def close(self) -> None:
        """Return when all is done and no thread is left."""
        self._threads.shutdown()

    def _take_turn(self, is_needed: Callable[[], bool], action: Callable[[], object]) -> None:
        has_turn = self._turns.acquire(timeout=self._patience_seconds)
        try:
            if is_needed():
                action()
        finally:
            if has_turn:
                self._turns.release()
