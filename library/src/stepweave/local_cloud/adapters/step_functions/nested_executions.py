"""A nested execution ends with the task that waits for it.

Upstream defect: where a parent is stopped, fails or runs out of time, the execution that it started with ``.sync``
runs on.
"""

# ruff: noqa: SLF001 - upstream's own seams

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from botocore.exceptions import ClientError
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service import state_task_service_sfn
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service.state_task_service_sfn import (
    StateTaskServiceSfn,
)

from stepweave.local_cloud.adapters.patch import replaced

_LOG = logging.getLogger(__name__)


class _NestedExecution:
    """Looks whether a nested execution has ended; upstream calls it until it has."""

    def __init__(self, resolve: Callable[[], Any], arn: str, region: str, credentials: Any) -> None:
        self._resolve = resolve
        self._arn = arn
        self._region = region
        self._credentials = credentials

    def __call__(self) -> Any:
        return self._resolve()

    def stop(self) -> None:
        """Stop the execution; as in AWS, this is tried once."""
        client = state_task_service_sfn.boto_client_for(
            service="stepfunctions", region=self._region, state_credentials=self._credentials
        )
        try:
            client.stop_execution(executionArn=self._arn)
        except ClientError:
            _LOG.warning("the nested execution %s could not be stopped", self._arn, exc_info=True)


@contextmanager
def nested_executions() -> Iterator[None]:
    """Stop nested executions that nothing waits for any more."""
    upstream_wait = StateTaskServiceSfn._eval_sync

    def eval_sync(self: Any, env: Any, sync_resolver: Any, **rest: Any) -> Any:
        result = upstream_wait(self, env=env, sync_resolver=sync_resolver, **rest)
        if not env.is_running():
            sync_resolver.stop()
        return result

    with ExitStack() as patches:
        patches.enter_context(replaced(StateTaskServiceSfn, "_eval_sync", eval_sync))
        for name in ("_build_sync_resolver", "_build_sync2_resolver"):
            patches.enter_context(replaced(StateTaskServiceSfn, name, _stoppable(getattr(StateTaskServiceSfn, name))))
        yield


def _stoppable(upstream: Callable[..., Any]) -> Callable[..., Any]:
    def build(
        self: Any, env: Any, resource_runtime_part: Any, normalised_parameters: Any, state_credentials: Any
    ) -> Any:
        arn = env.stack[-1]["ExecutionArn"]
        resolve = upstream(self, env, resource_runtime_part, normalised_parameters, state_credentials)
        return _NestedExecution(resolve, arn, resource_runtime_part.region, state_credentials)

    return build
