"""What a test says of functions that work on tasks: where an event names its task, and how a worker takes orders."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from stepweave.local_cloud.lambda_runtime.worker_environment import WorkerHook

ORDER: Final = "local-cloud:order"
"""The key of the client context whose value is the file of an order."""


@dataclass(frozen=True)
class Tasks:
    """One function may do the work of several tasks; faults tell these apart, and reach inside.

    Attributes
    ----------
    pointer : str
        JSON Pointer (RFC 6901) to the task's name, a string, in an event. What has none there is of no task.
    hook : Path
        Script that each worker runs first, by its function ``install``, which is given `ORDER`. An order is
        ``{"raise": {"error": ..., "message": ...}}`` or ``{"return": ...}``, in place of the task's own code, or
        ``{"die": ...}``, with a moment that only the script knows.
    """

    pointer: str
    hook: Path

    def worker_hook(self) -> WorkerHook:
        """Return the script as workers run it."""
        return WorkerHook(self.hook, ORDER)

    def task_of(self, payload: bytes) -> str | None:
        """Return the task that an event is for; None if it is for none.

        Example
        -------
        >>> Tasks("/task", Path("hook.py")).task_of(b'{"task": "lint"}')
        'lint'
        """
        try:
            found: Any = json.loads(payload)
        except ValueError:
            return None
        for part in self.pointer.split("/")[1:]:
            found = found.get(part.replace("~1", "/").replace("~0", "~")) if isinstance(found, dict) else None
        return found if isinstance(found, str) else None
