"""Counts the calls that run at once, and refuses those over a limit."""

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from stepweave.local_cloud.lambda_runtime.function_spec import FunctionSpec
from stepweave.local_cloud.lambda_runtime.invocation import throttled

ACCOUNT_LIMIT = 1000

RESERVED_LIMIT_EXCEEDED = "ReservedFunctionConcurrentInvocationLimitExceeded"
ACCOUNT_LIMIT_EXCEEDED = "ConcurrentInvocationLimitExceeded"


class Concurrency:
    """The concurrency limits of an account: reserved by a function, or shared by those that reserve none."""

    def __init__(self, account_limit: int = ACCOUNT_LIMIT) -> None:
        self._account_limit = account_limit
        self._lock = threading.Lock()
        self._running: Counter[str] = Counter()

    @contextmanager
    def slot(self, spec: FunctionSpec) -> Iterator[None]:
        """Hold a place for one call. Raises `InvocationRefused` (429) if there is none."""
        if spec.reserved_concurrency is None:
            key, limit, reason = "", self._account_limit, ACCOUNT_LIMIT_EXCEEDED
        else:
            key, limit, reason = spec.arn, spec.reserved_concurrency, RESERVED_LIMIT_EXCEEDED
        with self._lock:
            if self._running[key] >= limit:
                raise throttled(reason)
            self._running[key] += 1
        try:
            yield
        finally:
            with self._lock:
                self._running[key] -= 1
