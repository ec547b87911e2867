"""The operations of the control API, by their paths."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar

from stepweave.local_cloud.control.isolation import Isolation
from stepweave.local_cloud.control.requests import (
    AddFunctionFault,
    AddServiceFault,
    Begin,
    Calls,
    Deploy,
    Permissions,
    Request,
    Seconds,
)
from stepweave.local_cloud.faults.service_fault import THROTTLING_ERRORS

if TYPE_CHECKING:
    from stepweave.local_cloud.cloud import LocalCloud
    from stepweave.local_cloud.controls import Controls

_UNSEEN_SECONDS: Final = 0.25

Answer = dict[str, Any]
_Given = TypeVar("_Given", bound=Request)


@dataclass(frozen=True)
class Operation(Generic[_Given]):
    """One operation.

    Parameters
    ----------
    given : type
        What it takes.
    run : Callable
        Does it; returns what is to be answered, None for nothing.
    """

    given: type[_Given]
    run: Callable[[_Given], Answer | None]


def operations(cloud: LocalCloud, controls: Controls | None) -> Mapping[str, Operation[Any]]:
    """Return what a local cloud can be told; without controls neither faults nor the clock are among it."""
    deploying = threading.Lock()

    def deploy(given: Deploy) -> Answer:
        outcomes: dict[str, str] = {}
        with deploying:  # of two deployments at once neither would find what it looked at before
            cloud.deploy(given.assembly, outcomes.__setitem__)
        return {"stacks": outcomes}

    def permissions(given: Permissions) -> Answer:
        authority = cloud.authority
        authority.mode = given.mode or authority.mode
        refused = [{**asdict(one), "message": one.message} for one in authority.refusals]
        return {"mode": authority.mode, "refused": refused}

    always: dict[str, Operation[Any]] = {
        "deploy": Operation(Deploy, deploy),
        "permissions": Operation(Permissions, permissions),
    }
    return {**always, **({} if controls is None else _controls(cloud, controls))}


def _controls(cloud: LocalCloud, controls: Controls) -> Mapping[str, Operation[Any]]:
    clock, faults = controls.clock, controls.faults
    isolation = Isolation(controls, cloud.client, cloud.renew_workers)

    def add_fault(given: AddFunctionFault) -> None:
        faults.add(
            given.function,
            given.fault,
            task=given.task,
            times=given.times,
            probability=given.probability,
            seed=given.seed,
        )

    def advance(given: Seconds) -> Answer:
        clock.advance(given.seconds)
        return {"now": clock.time()}

    def skip(given: Seconds) -> Answer:
        until = time.monotonic() + _UNSEEN_SECONDS
        while True:
            before = controls.requests, faults.call_count
            outcome = clock.skip()
            is_idle = clock.await_idle(given.seconds)
            is_seen = clock.met_awaited or before != (controls.requests, faults.call_count)
            # What comes again and again, and does nothing that anybody can see, is nothing to tell.
            if not outcome or not is_idle or is_seen or time.monotonic() >= until:
                return {"outcome": outcome, "idle": is_idle}

    return {
        "clock/now": Operation(Request, lambda _: {"now": clock.time()}),
        "clock/advance": Operation(Seconds, advance),
        "clock/await-idle": Operation(Seconds, lambda given: {"idle": clock.await_idle(given.seconds)}),
        "clock/skip": Operation(Seconds, skip),
        "faults/functions": Operation(AddFunctionFault, add_fault),
        "faults/services": Operation(AddServiceFault, lambda given: faults.add_service(given.service_fault())),
        "faults/known-services": Operation(Request, lambda _: {"services": sorted(THROTTLING_ERRORS)}),
        "faults/stop": Operation(Request, lambda _: faults.stop()),
        "faults/injected": Operation(Request, lambda _: {"injected": faults.injected}),
        "faults/calls": Operation(Calls, lambda given: {"calls": faults.calls(given.function, given.task)}),
        "isolation/begin": Operation(Begin, lambda given: isolation.begin(real_time=given.real_time)),
        "isolation/quiet": Operation(Request, lambda _: isolation.quiet()),
        "isolation/empty": Operation(Request, lambda _: isolation.empty()),
    }
