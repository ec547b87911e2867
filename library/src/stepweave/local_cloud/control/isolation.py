"""One test after another in the same local cloud: what a test did ends with it, what is deployed and warm stays."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from stepweave.local_cloud.control.emptying import empty_services
from stepweave.local_cloud.control.own_rules import OwnRules
from stepweave.local_cloud.controls import Controls

_SETTLING_SECONDS: Final = 0.1


class Isolation:
    """Begins and ends tests.

    Parameters
    ----------
    controls : Controls
        Of the local cloud.
    client : Callable[[str], Any]
        Returns the boto3 client of a service.
    renew_workers : Callable[[], None]
        Has calls to come get new workers.
    """

    def __init__(self, controls: Controls, client: Callable[[str], Any], renew_workers: Callable[[], None]) -> None:
        self._controls = controls
        self._client = client
        self._renew_workers = renew_workers
        self._own_rules = OwnRules(self._client)

    def begin(self, *, real_time: bool) -> None:
        """Begin a test: without faults, and with the machine's time if that is wanted."""
        self._controls.faults.clear()
        if real_time and self._controls.clock.offset:
            # Time never goes back for a process: those that saw a later one make way.
            self._controls.clock.reset()
            self._renew_workers()
        self._own_rules.begin()

    def quiet(self) -> None:
        """Let the test cause nothing more: no faults, no rules of its own."""
        self._controls.faults.clear()
        self._own_rules.delete()

    def empty(self) -> None:
        """Wait a moment for what still runs, and delete what is in tables, queues and buckets."""
        self._controls.clock.await_idle(_SETTLING_SECONDS)
        empty_services(self._client)
