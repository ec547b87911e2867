"""Which faults are to be injected, and where."""

from __future__ import annotations

import random
import threading
from collections import Counter
from dataclasses import dataclass, field

from stepweave.local_cloud.faults.function_fault import Crashes, Delays, FunctionFault
from stepweave.local_cloud.faults.service_fault import Interference, ServiceFault


@dataclass(eq=False)
class _Planned:
    """A fault of a function, and how often it is still to happen; None for always."""

    function: str
    task: str | None
    fault: FunctionFault
    times: int | None
    probability: float = 1.0
    seed: int = 0
    chance: random.Random = field(init=False)

    def __post_init__(self) -> None:
        if not 0 <= self.probability <= 1:
            raise ValueError(f"a probability is between 0 and 1, not {self.probability}")
        self.chance = random.Random(self.seed)  # noqa: S311 - repeatable, not secret

    def concerns(self, function: str, task: str | None) -> bool:
        return self.times != 0 and self.function == function and self.task in {None, task}

    def draw(self) -> bool:
        """Tell whether it happens to a call that it concerns, and use it up if so."""
        if self.chance.random() >= self.probability:
            return False
        if self.times is not None:
            self.times -= 1
        return True


class FaultPlan:
    """The faults of a test. Thread-safe.

    Faults of one function happen in the order in which they were added, each as often as it says: two failures and
    then a result are two failures and then that result. A delay comes on top of what else happens to a call.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._planned: list[_Planned] = []
        self._services: list[ServiceFault] = []
        self._calls: Counter[tuple[str, str | None]] = Counter()
        self._injected: Counter[str] = Counter()

    def add(  # noqa: PLR0913 - what a fault is said to be, by keyword
        self,
        function: str,
        fault: FunctionFault,
        *,
        task: str | None = None,
        times: int | None = None,
        probability: float = 1.0,
        seed: int = 0,
    ) -> None:
        """Add a fault.

        Parameters
        ----------
        function : str
            The Lambda function's name.
        fault : FunctionFault
            What happens.
        task : str | None
            The only task whose calls it happens to.
        times : int | None
            How often; None for always.
        probability : float
            The share of calls that it happens to, 0 to 1.
        seed : int
            Calls are chosen by it: the same seed chooses the same ones in a sequence of calls.

        Raises
        ------
        ValueError
            If the probability is none.
        """
        planned = _Planned(function, task, fault, times, probability, seed)
        with self._lock:
            self._planned.append(planned)

    def add_service(self, fault: ServiceFault) -> None:
        """Add a fault of an AWS service."""
        with self._lock:
            self._services.append(fault)

    def stop(self) -> None:
        """Plan nothing more."""
        with self._lock:
            self._planned.clear()
            self._services.clear()

    def clear(self) -> None:
        """Plan nothing, and forget which calls were made."""
        self.stop()
        with self._lock:
            self._calls.clear()
            self._injected.clear()

    def take(self, function: str, task: str | None) -> tuple[float, FunctionFault | None]:
        """Return what happens to a call that is made now: the seconds of its delay, and its fault if it has one."""
        with self._lock:
            self._calls[function, task] += 1
            due = [planned for planned in self._planned if planned.concerns(function, task)]
            delays = [each.fault for each in due if isinstance(each.fault, Delays) and each.draw()]
            fault = next((each.fault for each in due if not isinstance(each.fault, Delays) and each.draw()), None)
            self._injected.update(_kind(each) for each in (*delays, *([fault] if fault is not None else [])))
            return sum(each.seconds for each in delays), fault

    def take_service(self, service: str, operation: str) -> Interference | None:
        """Return what happens to an API call that is made now; None if it is left alone."""
        with self._lock:
            found = (fault.draw(service, operation) for fault in self._services)
            drawn = next((interference for interference in found if interference is not None), None)
            if drawn is not None:
                self._injected[f"{service} {drawn.error or 'call'} {drawn.kind}"] += 1
            return drawn

    def has_service_faults(self) -> bool:
        """Tell whether API calls need to be looked at."""
        return bool(self._services)

    @property
    def injected(self) -> dict[str, int]:
        """How often faults happened, by their kind."""
        with self._lock:
            return dict(self._injected)

    @property
    def call_count(self) -> int:
        """How often functions were called."""
        with self._lock:
            return self._calls.total()

    def calls(self, function: str, task: str | None = None) -> int:
        """Return how often a function was called, or only for a task."""
        with self._lock:
            return sum(
                count for (name, of_task), count in self._calls.items() if name == function and task in {None, of_task}
            )


def _kind(fault: FunctionFault) -> str:
    return f"Crashes {fault.when}" if isinstance(fault, Crashes) else type(fault).__name__
