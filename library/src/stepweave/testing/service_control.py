"""What a test has an AWS service do."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Self

from stepweave.local_cloud.faults.plan import FaultPlan
from stepweave.local_cloud.faults.service_fault import (
    FAILURE_ERRORS,
    THROTTLING_ERRORS,
    Interference,
    Kind,
    ServiceFault,
)
from stepweave.testing.errors import TestApiError, is_the_tests

__tracebackhide__ = is_the_tests


class ServiceControl:
    """Has some of the calls of a service throttled, failed, lost, delayed or made twice, until the test ends.

    Calls are chosen by chance, from a seed: the same seed chooses the same ones in the same sequence of calls. The
    test's own calls are made through the same door, so that setting up comes before this.

    Parameters
    ----------
    plan : FaultPlan
        Where it is written down.
    service : str
        The service's name in boto3.

    Example
    -------
    >>> local_cloud.service("dynamodb").throttles(0.2, seed=7)  # doctest: +SKIP
    """

    def __init__(self, plan: FaultPlan, service: str) -> None:
        if service not in THROTTLING_ERRORS:
            raise TestApiError(f"no faults are known for {service!r}, only for {', '.join(sorted(THROTTLING_ERRORS))}")
        self._plan = plan
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
        error, status = THROTTLING_ERRORS[self._service]
        return self._add(Interference(Kind.REFUSED, error, status), probability, seed, operations, times)

    def fails(
        self, probability: float = 1.0, *, seed: int = 0, operations: Iterable[str] = (), times: int | None = None
    ) -> Self:
        """Answer calls with an internal error, and do nothing."""
        error, status = FAILURE_ERRORS[self._service]
        return self._add(Interference(Kind.REFUSED, error, status), probability, seed, operations, times)

    def loses_answers(
        self, probability: float = 1.0, *, seed: int = 0, operations: Iterable[str] = (), times: int | None = None
    ) -> Self:
        """Do what calls ask for, and answer them with an internal error."""
        error, status = FAILURE_ERRORS[self._service]
        return self._add(Interference(Kind.LOST, error, status), probability, seed, operations, times)

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
        return self._add(Interference(Kind.DELAYED, seconds=seconds), probability, seed, operations, times)

    def repeats(
        self, probability: float = 1.0, *, seed: int = 0, operations: Iterable[str] = (), times: int | None = None
    ) -> Self:
        """Make calls twice, one right after the other; the caller gets the second answer."""
        return self._add(Interference(Kind.REPEATED), probability, seed, operations, times)

    def _add(
        self,
        interference: Interference,
        probability: float,
        seed: int,
        operations: Iterable[str],
        times: int | None,
    ) -> Self:
        try:
            fault = ServiceFault(self._service, interference, probability, seed, frozenset(operations), times)
        except ValueError as error:
            raise TestApiError(str(error)) from None
        self._plan.add_service(fault)
        return self
