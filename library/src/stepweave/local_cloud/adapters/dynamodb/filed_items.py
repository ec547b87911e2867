"""Items that nobody has looked at for a while wait in a file.

Upstream defect: an item takes two kilobytes of memory and more, some twenty objects, as long as it is in its table.
Each task of a workflow leaves one that says that it was done.
"""

from __future__ import annotations

import pickle
import threading
import weakref
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from moto.dynamodb.models.dynamo_type import Item, LimitedSizeDict

from stepweave.local_cloud.adapters.patch import added
from stepweave.local_cloud.spool import Filed, Spool

IN_MEMORY: Final = 512
"""How many of the looks at items are known: what was looked at in one of them stays in memory. No call looks at as many
before it has written what it changes, but those that only read."""


@contextmanager
def filed_items() -> Iterator[None]:
    """File the attributes of items."""
    spool, recent, lock = Spool(), deque[weakref.ref[Any]](), threading.Lock()

    def looked_at(item: Any) -> None:
        with lock:
            vars(item)["looks"] = vars(item).get("looks", 0) + 1
            recent.append(weakref.ref(item))
            former = recent.popleft()() if len(recent) > IN_MEMORY else None
            if former is None:
                return
            vars(former)["looks"] -= 1
            attributes = vars(former)["attrs"]
            if vars(former)["looks"] == 0 and not isinstance(attributes, Filed):
                vars(former)["attrs"] = spool.put(pickle.dumps(dict(attributes)))

    def get(item: Any) -> Any:
        attributes = vars(item)["attrs"]
        if isinstance(attributes, Filed):
            attributes = vars(item)["attrs"] = _read(attributes)
        looked_at(item)
        return attributes

    def set_(item: Any, attributes: Any) -> None:
        vars(item)["attrs"] = attributes
        looked_at(item)

    with added(Item, "attrs", property(get, set_)):
        yield


def _read(filed: Filed) -> Any:
    attributes = LimitedSizeDict()
    # By the dictionary's own method: their size was checked when they were written.
    dict.update(attributes, pickle.loads(filed.read()))  # noqa: S301 - nobody else can write to the file
    return attributes
