"""The size of an attribute that is not there compares with nothing.

Upstream defect: ``size(a) > :n`` fails for an item that has no ``a``, and with it a scan of all others.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from moto.dynamodb.comparisons import FuncSize

from stepweave.local_cloud.adapters.patch import replaced


@contextmanager
def missing_sizes() -> Iterator[None]:
    """Let such a comparison be false until the context ends."""
    upstream = FuncSize.expr

    def expr(self: Any, item: Any) -> Any:
        return None if self.attr.get_type(item) is None else upstream(self, item)

    with replaced(FuncSize, "expr", expr):
        yield
