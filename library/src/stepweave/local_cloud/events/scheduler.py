"""Makes calls at the times of schedules, again and again, on one thread for all."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from stepweave.local_cloud.events.schedule import Schedule

_LOG = logging.getLogger(__name__)
_LONGEST_WAIT_SECONDS: Final = 30 * 86400.0
"""A clock of tests takes a wait of years for one that never ends."""

Now = Callable[[], datetime]
"""Tells the time, aware."""

Wait = Callable[[threading.Event, float | None], bool]
"""Waits until an event is set or seconds have passed."""

Fire = Callable[[datetime], None]
"""Called with the time for which the schedule stood; must not block."""


@dataclass
class _Entry:
    """A schedule, and when it is due next."""

    schedule: Schedule
    fire: Fire
    due: datetime | None


class Scheduler:
    """Makes what is scheduled happen. Thread-safe.

    Of times that went by while the machine slept only one is made up for.

    Parameters
    ----------
    now
        Tells the time.
    wait
        Waits.
    """

    def __init__(self, now: Now, wait: Wait) -> None:
        self._now = now
        self._wait = wait
        self._lock = threading.Lock()
        self._changed = threading.Event()
        self._entries: dict[Hashable, _Entry] = {}
        self._latest = now()
        self._is_open = True
        self._thread: threading.Thread | None = None

    def put(self, key: Hashable, schedule: Schedule, fire: Fire) -> None:
        """Have `fire` called at the times of a schedule, the first of them after now, in place of what has the key."""
        with self._lock:
            if not self._is_open:
                return
            self._entries.pop(key, None)
            self._entries[key] = _Entry(schedule, fire, schedule.next_after(self._now()))
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="schedules", daemon=True)
                self._thread.start()
        self._changed.set()

    def remove(self, key: Hashable) -> None:
        """Have nothing called any more for a key, which need not be there."""
        with self._lock:
            self._entries.pop(key, None)
        self._changed.set()

    def close(self) -> None:
        """Call nothing any more, and end the thread."""
        with self._lock:
            self._is_open = False
        self._changed.set()
        if self._thread is not None:
            self._thread.join()

    def _run(self) -> None:
        while self._is_open:
            self._changed.clear()
            for entry, due in self._take_due():
                try:
                    entry.fire(due)
                except Exception:  # noqa: BLE001 - the other schedules must go on
                    _LOG.exception("what was scheduled for %s failed", due)
            self._wait(self._changed, self._seconds_to_next())

    def _take_due(self) -> list[tuple[_Entry, datetime]]:
        """Return what is due, in order, and when it was; all of it is due later from now on."""
        with self._lock:
            now = self._now()
            if now < self._latest:  # the clock was put back
                for entry in self._entries.values():
                    entry.due = entry.schedule.next_after(now)
            self._latest = now
            due = [(entry, entry.due) for entry in self._entries.values() if entry.due is not None and entry.due <= now]
            for entry, at in due:
                following = entry.schedule.next_after(at)
                is_late = following is not None and following <= now
                entry.due = entry.schedule.next_after(now) if is_late else following
        return sorted(due, key=lambda pair: pair[1])

    def _seconds_to_next(self) -> float | None:
        with self._lock:
            if not self._is_open:
                return 0.0
            times = [entry.due for entry in self._entries.values() if entry.due is not None]
            if not times:
                return None
            return min(max(0.0, (min(times) - self._now()).total_seconds()), _LONGEST_WAIT_SECONDS)
