"""The runs of distributed Map states: their child executions, how many of these may fail, and their results.

Upstream defects: a child execution that fails counts for nothing, so that the state succeeds with ``null`` in the place
of its result, and tolerated failures mean nothing; counts are of executions where they should be of items, and a child
that failed is said to run; a run that was stopped is said to have succeeded; and results are written after the run is
said to have succeeded, or not at all.

Goes in after what makes executions interruptible.
"""

# ruff: noqa: SLF001 - upstream's own seams

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any, Final

from botocore.exceptions import ClientError
from moto.stepfunctions.parser.api import (
    MapRunStatus,
)
from moto.stepfunctions.parser.asl.component.common.error_name.states_error_name_type import StatesErrorNameType
from moto.stepfunctions.parser.asl.component.state.exec.state_map.iteration.distributed_iteration_component import (
    DistributedIterationComponent,
)
from moto.stepfunctions.parser.asl.component.state.exec.state_map.iteration.itemprocessor import (
    map_run_record,
)
from moto.stepfunctions.parser.asl.component.state.exec.state_map.result_writer.resource_eval.resource_eval_s3 import (
    ResourceEvalS3,
)
from moto.stepfunctions.parser.asl.component.state.exec.state_task.credentials import StateCredentials
from moto.stepfunctions.parser.asl.eval.states import ItemData, MapData

from stepweave.local_cloud.adapters.patch import replaced
from stepweave.local_cloud.adapters.step_functions.child_executions import PENDING, ChildExecution
from stepweave.local_cloud.adapters.step_functions.child_programs import child_programs
from stepweave.local_cloud.adapters.step_functions.distributed_maps import NO_EXTRAS, MapExtras, map_failure
from stepweave.local_cloud.adapters.step_functions.execution_details import text_of
from stepweave.local_cloud.adapters.step_functions.item_batches import BatchTooLarge, batches
from stepweave.local_cloud.adapters.step_functions.result_files import manifest, result_files, results

_COUNTS: Final = {
    PENDING: "pending",
    "RUNNING": "running",
    "SUCCEEDED": "succeeded",
    "FAILED": "failed",
    "TIMED_OUT": "timedOut",
    "ABORTED": "aborted",
}


class MapRun:
    """One run of a distributed Map state.

    Parameters
    ----------
    record
        What upstream knows of it.
    inputs
        What the child executions are started with, before an item selector has been at it.
    item_counts
        How many items each of them has.
    is_express
        Whether they are Express executions.
    """

    def __init__(self, record: Any, inputs: list[Any], item_counts: list[int], *, is_express: bool) -> None:
        self.is_express = is_express
        self.was_cut_off = self.has_written = False
        self._record = record
        self._lock = threading.Lock()
        self._failed_items = 0
        kind = ":express:" if is_express else ":execution:"
        scope = record.map_state_machine_arn.replace(":stateMachine:", kind)
        self.children = [
            ChildExecution(
                f"{scope}:{name}",
                name,
                record.map_state_machine_arn,
                record.map_run_arn,
                text_of(value),
                count,
            )
            for value, count, name in zip(inputs, item_counts, (str(uuid.uuid4()) for _ in inputs), strict=True)
        ]
        self._items = sum(item_counts)

    def tolerates(self, child: ChildExecution) -> bool:
        """Count a child execution that has ended, and say whether the run may go on."""
        if child.status not in {"FAILED", "TIMED_OUT"}:
            return True
        with self._lock:
            self._failed_items += child.item_count
            failed = self._failed_items
        record = self._record
        return not is_exceeded(failed, self._items, record.tolerated_failure_count, record.tolerated_failure_percentage)

    def cut_off(self) -> None:
        """Abort what still runs."""
        for child in self.children:
            child.stop(None, None, None)

    def counts(self, weight: Callable[[ChildExecution], int]) -> dict[str, int]:
        """Return how many executions, or items of these, there are in each state."""
        found = dict.fromkeys(
            [*_COUNTS.values(), "total", "resultsWritten", "failuresNotRedrivable", "pendingRedrive"], 0
        )
        for child in self.children:
            found[_COUNTS[child.status]] += weight(child)
            found["total"] += weight(child)
            if self.has_written and child.status != PENDING:
                found["resultsWritten"] += weight(child)
        return found


def is_exceeded(failed: int, total: int, tolerated_count: int, tolerated_percentage: float) -> bool:
    """Tell whether more items failed than is tolerated; of two limits either counts, and 0 beside another is none."""
    if not tolerated_count and not tolerated_percentage:
        return failed > 0
    exceeds_count = bool(tolerated_count) and failed > tolerated_count
    return exceeds_count or (bool(tolerated_percentage) and failed * 100 > tolerated_percentage * total)


@contextmanager
def map_runs() -> Iterator[None]:
    """Run the child executions of distributed Map states."""
    component, record = DistributedIterationComponent, map_run_record.MapRunRecord
    with ExitStack() as patches:
        patches.enter_context(replaced(component, "_map_run", _running(component._map_run)))
        patches.enter_context(replaced(record, "set_stop", _stopping(record.set_stop)))
        patches.enter_context(replaced(record, "describe", _describing(record.describe)))
        patches.enter_context(child_programs())
        yield


def _running(upstream: Callable[..., None]) -> Callable[..., None]:
    def map_run(self: Any, env: Any, eval_input: Any) -> None:
        extras: MapExtras = getattr(self, "extras", NO_EXTRAS)
        record = eval_input.map_run_record
        inputs = env.stack.pop()
        item_counts = [1] * len(inputs)
        if extras.batcher is not None:
            inputs = _batched(env, eval_input, inputs, extras.batcher)
            item_counts = [len(batch["Items"]) for batch in inputs]
        run = record.run = MapRun(record, inputs, item_counts, is_express=extras.is_express)
        env.stack.append(inputs)
        try:
            upstream(self, env, eval_input)
        except Exception:
            run.cut_off()
            if extras.writer is not None:
                _write(env, run, record, extras)
            raise
        if not env.is_running():
            run.was_cut_off = True
            run.cut_off()
            return
        env.stack.pop()
        if extras.writer is not None:
            env.stack.append(_write(env, run, record, extras))
        else:
            configuration = extras.writer_configuration or {}
            env.stack.append(results(run.children, configuration.get("Transformation", "COMPACT")))

    return map_run


def _batched(env: Any, eval_input: Any, items: list[Any], batcher: Any) -> list[dict[str, Any]]:
    """Select from the items, put them together, and leave nothing to select."""
    selector = eval_input.item_selector or eval_input.parameters
    if selector is not None:
        items = [_evaluated(env, selector, MapData(Item=ItemData(Index=i, Value=item))) for i, item in enumerate(items)]
        eval_input.item_selector = eval_input.parameters = None
    try:
        return batches(items, _evaluated(env, batcher))
    except BatchTooLarge as error:
        raise map_failure(env, StatesErrorNameType.StatesStatesDataLimitExceeded, str(error)) from error
    except ValueError as error:
        raise map_failure(env, StatesErrorNameType.StatesRuntime, str(error)) from error


def _evaluated(env: Any, template: Any, about_item: MapData | None = None) -> Any:
    """Evaluate a template with the input of the Map state."""
    frame = env.open_inner_frame()
    try:
        frame.states.reset(env.stack[-1])
        frame.stack = [env.stack[-1]]
        if about_item is not None:
            frame.states.context_object.context_object_data["Map"] = about_item
        template.eval(frame)
        return frame.stack.pop()
    finally:
        env.delete_frame(frame)


def _write(env: Any, run: MapRun, record: Any, extras: MapExtras) -> dict[str, Any]:
    """Write the results, and return where they are."""
    parameters = _evaluated(env, extras.writer.parargs)
    resource = extras.writer.resource_eval.resource
    resource.eval(env=env)
    client = ResourceEvalS3._get_s3_client(
        env.stack.pop(), StateCredentials(role_arn=env.aws_execution_details.role_arn)
    )
    bucket, prefix = parameters["Bucket"], parameters.get("Prefix", "").rstrip("/")
    folder = f"{prefix}/" * bool(prefix) + record.map_run_arn.rpartition(":")[2] + "/"
    files = result_files(run.children, folder, extras.writer_configuration or {})
    key = f"{folder}manifest.json"
    try:
        for name, content in (file for found in files.values() for file in found):
            client.put_object(Bucket=bucket, Key=name, Body=content)
        client.put_object(Bucket=bucket, Key=key, Body=manifest(bucket, record.map_run_arn, files))
    except ClientError as error:
        cause = str(error.response.get("Error", {}).get("Message", error))
        raise map_failure(env, StatesErrorNameType.StatesResultWriterFailed, cause) from error
    run.has_written = True
    return {"MapRunArn": record.map_run_arn, "ResultWriterDetails": {"Bucket": bucket, "Key": key}}


def _stopping(upstream: Callable[..., None]) -> Callable[..., None]:
    def set_stop(self: Any, status: MapRunStatus) -> None:
        upstream(self, MapRunStatus.ABORTED if hasattr(self, "run") and self.run.was_cut_off else status)

    return set_stop


def _describing(upstream: Callable[..., Any]) -> Callable[..., Any]:
    def describe(self: Any) -> Any:
        described = upstream(self)
        if hasattr(self, "run"):
            described["executionCounts"] = self.run.counts(lambda _: 1)
            described["itemCounts"] = self.run.counts(lambda child: child.item_count)
        described["redriveCount"] = 0
        return described

    return describe
