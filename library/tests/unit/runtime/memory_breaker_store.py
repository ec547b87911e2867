"""A store of circuit breakers in memory, which keeps to the same contract as the table."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from stepweave.contract.breaker_change import Change
from stepweave.contract.breaker_item import AttributeValue, read_item
from stepweave.runtime.breaker_protocol import Seen


@dataclass
class MemoryBreakerStore:
    """Items as the table would hold them.

    Attributes
    ----------
    items : dict
        The attributes of each breaker.
    operations : Counter
        How many operations of each kind there were.
    failing : bool
        Whether operations fail, as they do while DynamoDB cannot be reached.
    """

    items: dict[str, dict[str, AttributeValue]] = field(default_factory=dict)
    operations: Counter[str] = field(default_factory=Counter)
    failing: bool = False
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def read(self, name: str, *, consistent: bool) -> Seen:
        self._count("consistent reads" if consistent else "reads")
        return Seen(read_item(self.items.get(name, {})))

    def write(self, name: str, change: Change) -> Seen:
        self._count("writes")
        with self._lock:
            item = self.items.get(name, {})
            applied = _holds(item, change)
            if applied:
                item = {each: value for each, value in item.items() if each not in change.remove} | dict(change.put)
                if change.success:
                    item["successes"] = {"N": str(_number(item, "successes") + 1)}
                self.items[name] = item
            return Seen(read_item(item), applied=applied)

    def _count(self, operation: str) -> None:
        self.operations[operation] += 1
        if self.failing:
            raise ConnectionError("the store cannot be reached")


def _holds(item: Mapping[str, AttributeValue], change: Change) -> bool:
    """Tell whether the conditions of a change hold."""
    if change.generation is not None and _number(item, "generation") != change.generation:
        return False
    if change.free is not None:
        slot, now = change.free
        lease: Any = item.get(f"probe:{slot}")
        if lease is not None and int(lease["M"]["until"]["N"]) >= now:
            return False
    if change.held is not None:
        slot, token = change.held
        lease = item.get(f"probe:{slot}")
        if lease is None or lease["M"]["token"]["S"] != token:
            return False
    return True


def _number(item: Mapping[str, AttributeValue], name: str) -> int:
    return int(str(item[name]["N"])) if name in item else 0
