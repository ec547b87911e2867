"""A failing task is the workflow's business, not the terminal's.

Upstream defect: the engine logs every failure as an error, with a page of its own data; Python prints that to the
terminal of whoever has not configured logging.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def quiet_logs() -> Iterator[None]:
    """Keep moto's log records from the terminal; handlers that somebody configured still get them."""
    handler = logging.NullHandler()
    logger = logging.getLogger("moto")
    logger.addHandler(handler)
    try:
        yield
    finally:
        logger.removeHandler(handler)
