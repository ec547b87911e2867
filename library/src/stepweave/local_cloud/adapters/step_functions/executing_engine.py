"""Step Functions that really execute.

Upstream default: without ``execute_state_machine`` moto answers with a made-up history and runs nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from moto.core.config import default_user_config


@contextmanager
def executing_engine() -> Iterator[None]:
    """Make Step Functions execute state machines."""
    settings = default_user_config["stepfunctions"]
    before = settings["execute_state_machine"]
    settings["execute_state_machine"] = True
    try:
        yield
    finally:
        settings["execute_state_machine"] = before
