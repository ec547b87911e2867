"""The local cloud that the tests of a process share."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stepweave.testing.own_environment import own_environment

if TYPE_CHECKING:
    from stepweave.testing.local_backend import LocalBackend


class SharedLocalCloud:
    """One local cloud for many tests: started when the first asks for it, and anew after it had to make way.

    A process holds one local cloud at a time, and while it is there moto is not as it comes: what needs the process
    for itself calls :meth:`stop` first.

    Example
    -------
    >>> shared = SharedLocalCloud()
    >>> shared.stop()  # nothing runs yet, and no harm is done
    """

    def __init__(self) -> None:
        self._backend: LocalBackend | None = None

    def start(self) -> LocalBackend:
        """Return the local cloud, which is started unless it runs.

        Raises
        ------
        AlreadyRunningError
            If the process runs another one.
        """
        with own_environment():  # importing the CDK's part names a Node.js in it
            from stepweave.testing.local_backend import LocalBackend  # noqa: PLC0415 - takes a second

        if self._backend is None:
            self._backend = LocalBackend()
        return self._backend

    def stop(self) -> None:
        """Stop the local cloud, if it runs: what was deployed into it is gone, and moto is as it comes."""
        backend, self._backend = self._backend, None
        if backend is not None:
            backend.stop()
