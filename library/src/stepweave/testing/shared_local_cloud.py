"""The local cloud that the tests of a process share."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stepweave.testing.own_environment import own_environment

if TYPE_CHECKING:
    from stepweave.testing.local_backend import LocalBackend


class SharedLocalCloud:
    """One local cloud for many tests: started when the first asks for it, and anew should it have ended.

    Example
    -------
    >>> shared = SharedLocalCloud()
    >>> shared.stop()  # nothing runs yet, and no harm is done
    """

    def __init__(self) -> None:
        self._backend: LocalBackend | None = None

    def start(self) -> LocalBackend:
        """Return the local cloud, which is started unless it runs."""
        if self._backend is not None and self._backend.ending is not None:
            self.stop()
        if self._backend is None:
            self._backend = _started()
        return self._backend

    def stop(self) -> None:
        """Stop the local cloud, if it runs: what was deployed into it is gone."""
        backend, self._backend = self._backend, None
        if backend is not None:
            backend.stop()


def _started() -> LocalBackend:
    from stepweave.testing.controlled_process import start_controlled  # noqa: PLC0415 - not every session needs it

    process = start_controlled()  # while it starts, what speaks to it is imported
    try:
        with own_environment():  # importing the CDK's part names a Node.js in it
            from stepweave.testing.local_backend import LocalBackend  # noqa: PLC0415 - takes a second
    except BaseException:
        process.stop()
        raise
    return LocalBackend(process=process)
