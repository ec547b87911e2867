"""PartiQL is refused.

Upstream defect: of PartiQL it knows a part; what it does not know ends in an internal error or, worse, finds nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from moto.dynamodb.responses import DynamoHandler

from stepweave.local_cloud.adapters.patch import replaced
from stepweave.local_cloud.adapters.refused_operations import UnsupportedError


@contextmanager
def refused_partiql() -> Iterator[None]:
    """Refuse statements until the context ends."""

    def refuse(_: Any) -> None:
        raise UnsupportedError("a statement in PartiQL")

    with ExitStack() as patches:
        for name in ("execute_statement", "execute_transaction", "batch_execute_statement"):
            patches.enter_context(replaced(DynamoHandler, name, refuse))
        yield
