"""Start a local cloud whose time and faults a test controls."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from stepweave.local_client.process import LocalCloudProcess

_TASKS: Final[dict[str, Any]] = {"pointer": "/task", "hook": str(Path(__file__).with_name("worker_faults.py"))}
"""Where an event names its task (`stepweave.contract.event.TaskEvent`), and what has an agent obey in its worker."""


def start_controlled() -> LocalCloudProcess:
    """Start it, and return before it answers."""
    return LocalCloudProcess({"controls": {"tasks": _TASKS}})
