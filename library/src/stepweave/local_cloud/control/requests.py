"""What each operation of the control API is given: exactly this, in JSON."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from stepweave.local_cloud.faults.function_fault import FunctionFault
from stepweave.local_cloud.faults.service_fault import (
    FAILURE_ERRORS,
    THROTTLING_ERRORS,
    Interference,
    Kind,
    ServiceFault,
)
from stepweave.local_cloud.permissions.authority import Mode


class Request(BaseModel):
    """The JSON object of a request; for many operations an empty one."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Deploy(Request):
    """The cloud assembly that is to be deployed, by its absolute path."""

    assembly: Path


class Permissions(Request):
    """What is to happen to what no policy allows; what happened until now if not given."""

    mode: Mode | None = None


class Seconds(Request):
    """For so long: of the local cloud's time to pass, of real time to wait."""

    seconds: float


class Calls(Request):
    """The calls of a function, or only those for a task."""

    function: str
    task: str | None = None


class Begin(Request):
    """How a test begins: with the machine's time or with whatever the clock shows."""

    real_time: bool


class _Chance(Request):
    times: Annotated[int | None, Field(gt=0)] = None
    probability: float = 1.0
    seed: int = 0


class AddFunctionFault(_Chance):
    """A fault of a function; see `FaultPlan.add`."""

    function: str
    task: str | None = None
    fault: Annotated[FunctionFault, Field(discriminator="kind")]


class AddServiceFault(_Chance):
    """A fault of an AWS service; see `ServiceFault`."""

    service: str
    kind: Literal["throttled", "unavailable", "lost", "delayed", "repeated"]
    seconds: float = 0.0
    operations: frozenset[str] = frozenset()

    def service_fault(self) -> ServiceFault:
        """Return the fault.

        Raises
        ------
        ValueError
            If no faults of the service are known, or the probability is none.
        """
        if self.service not in THROTTLING_ERRORS:
            known = ", ".join(sorted(THROTTLING_ERRORS))
            raise ValueError(f"no faults are known for {self.service!r}, only for {known}")
        return ServiceFault(
            self.service, self._interference(), self.probability, self.seed, self.operations, self.times
        )

    def _interference(self) -> Interference:
        match self.kind:
            case "throttled":
                return Interference(Kind.REFUSED, *THROTTLING_ERRORS[self.service])
            case "unavailable":
                return Interference(Kind.REFUSED, *FAILURE_ERRORS[self.service])
            case "lost":
                return Interference(Kind.LOST, *FAILURE_ERRORS[self.service])
            case "delayed":
                return Interference(Kind.DELAYED, seconds=self.seconds)
            case "repeated":
                return Interference(Kind.REPEATED)
