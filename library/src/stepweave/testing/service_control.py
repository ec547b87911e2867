"""What a test has an AWS service do."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Self

from stepweave.testing.agent_control import Tell
from stepweave.testing.errors import TestApiError, is_the_tests

__tracebackhide__ = is_the_tests


class ServiceControl:
    """Has some of the calls of a service throttled, failed, lost, delayed or made twice, until the test ends.

    Calls are chosen by chance, from a seed: the same seed chooses the same ones in the same sequence of calls. The
    test's own calls are made through the same door, so that setting up comes before this.

    Parameters
    ----------
    tell : Tell
        Tells it to the local cloud.
    service : str
        The service's name in boto3.

    Example
    -------
    >>> local_cloud.service("dynamodb").throttles(0.2, seed=7)  # doctest: +SKIP
    """

    def __init__(self, tell: Tell, service: str) -> None:
        known = tell("faults/known-services")["services"]
        if service not in known:
            raise TestApiError(f"no faults are known for {service!r}, only for {', '.join(known)}")
        self._tell = tell
        self._service = service

    def throttles(
        self, probability: float = 1.0, *, seed: int = 0, operations: Iterable[str] = (), times: int | None = None
    ) -> Self:
        """Refuse calls as coming too fast.

        Parameters
        ----------
        probability : float
            The share of calls, 0 to 1.
        seed : int
            Chooses the calls.
        operations : Iterable of str
            The only operations, such as ``PutItem``; none for all.
        times : int | None
            How often at the most; None for always.
        """
        return self._add("throttled", probability, seed, operations, times)

    def fails(
        self, probability: float = 1.0, *, seed: int = 0, operations: Iterable[str] = (), times: int | None = None
    ) -> Self:
        """Answer calls with an internal error, and do nothing."""
        return self._add("unavailable", probability, seed, operations, times)

    def loses_answers(
        self, probability: float = 1.0, *, seed: int = 0, operations: Iterable[str] = (), times: int | None = None
    ) -> Self:
        """Do what calls ask for, and answer them with an internal error."""
        return self._add("lost", probability, seed, operations, times)

    def delays(
        self,
        seconds: float,
        probability: float = 1.0,
        *,
        seed: int = 0,
        operations: Iterable[str] = (),
        times: int | None = None,
    ) -> Self:
        """Make calls late."""
        return self._add("delayed", probability, seed, operations, times, seconds)

    def repeats(
        self, probability: float = 1.0, *, seed: int = 0, operations: Iterable[str] = (), times: int | None = None
    ) -> Self:
        """Make calls twice, one right after the other; the caller gets the second answer."""
        return self._add("repeated", probability, seed, operations, times)

    def _add(  # noqa: PLR0913, PLR0917
        self,
        kind: str,
        probability: float,
        seed: int,
        operations: Iterable[str],
        times: int | None,
        seconds: float = 0.0,
    ) -> Self:
        chosen = {"operations": sorted(operations), "times": times, "probability": probability, "seed": seed}
        self._tell("faults/services", service=self._service, kind=kind, seconds=seconds, **chosen)
        return self
