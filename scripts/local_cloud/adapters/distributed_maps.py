"""Distributed Map states read their items and count their failures as AWS does.

Upstream defects: a child execution that fails counts for nothing, so that the state succeeds with ``null`` in the place
of its result, and tolerated failures mean nothing; definitions with Express children or with a whole number as
``ToleratedFailurePercentage`` are refused; the objects of a bucket are those of the first page, with Python's times;
where items cannot be read, the error has the name of S3's; and a child that failed is said to run.

Express children run as Standard ones.
"""

# ruff: noqa: SLF001 - upstream's own seams

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any, Final

from botocore.exceptions import ClientError
from moto.stepfunctions.parser.api import HistoryEventType, MapRunFailedEventDetails
from moto.stepfunctions.parser.asl.component.common.error_name.failure_event import FailureEvent, FailureEventException
from moto.stepfunctions.parser.asl.component.common.error_name.states_error_name import StatesErrorName
from moto.stepfunctions.parser.asl.component.common.error_name.states_error_name_type import StatesErrorNameType
from moto.stepfunctions.parser.asl.component.state.exec.state_map.item_reader.eval.resource_eval_s3 import (
    ResourceEvalS3,
)
from moto.stepfunctions.parser.asl.component.state.exec.state_map.item_reader.item_reader_decl import ItemReader
from moto.stepfunctions.parser.asl.component.state.exec.state_map.iteration.itemprocessor import (
    distributed_item_processor_worker,
)
from moto.stepfunctions.parser.asl.component.state.exec.state_map.iteration.iterator import distributed_iterator_worker
from moto.stepfunctions.parser.asl.eval.event.event_detail import EventDetails
from moto.stepfunctions.parser.asl.eval.program_state import ProgramEnded
from moto.stepfunctions.parser.asl.parse.asl_parser import AmazonStateLanguageParser

from scripts.local_cloud.adapters.patch import replaced

_PERCENTAGE: Final = "ToleratedFailurePercentage"
_EXCEEDED: Final = "The specified tolerated failure threshold was exceeded"


@contextmanager
def distributed_maps() -> Iterator[None]:
    """Mend distributed Map states."""
    item_worker = distributed_item_processor_worker.DistributedItemProcessorWorker
    iterator_worker = distributed_iterator_worker.DistributedIteratorWorker
    upstream_parse = AmazonStateLanguageParser.parse

    def parse(definition: str) -> Any:
        return upstream_parse(understood(definition))

    with ExitStack() as patches:
        for owner, name, method in (
            (AmazonStateLanguageParser, "parse", staticmethod(parse)),
            (item_worker, "_eval_job", _counting(item_worker._eval_job)),
            (iterator_worker, "_eval_job", _counting(iterator_worker._eval_job)),
            (ItemReader, "_eval_body", _reading(ItemReader._eval_body)),
            (ResourceEvalS3, "_handle_list_objects_v2", staticmethod(_list_objects)),
        ):
            patches.enter_context(replaced(owner, name, method))
        yield


def understood(definition: str) -> str:
    """Spell a definition so that the engine's grammar knows it.

    Example
    -------
    >>> state = {"Type": "Map", "ToleratedFailurePercentage": 5}
    >>> understood(json.dumps({"States": {"M": state}}))
    '{"States": {"M": {"Type": "Map", "ToleratedFailurePercentage": 5.0}}}'
    """
    if _PERCENTAGE not in definition and '"EXPRESS"' not in definition:
        return definition
    try:
        machine = json.loads(definition)
    except ValueError:
        return definition  # the parser says what is wrong with it
    for state in _maps(machine):
        if isinstance(state.get(_PERCENTAGE), int):
            state[_PERCENTAGE] = float(state[_PERCENTAGE])
        configuration = state.get("ItemProcessor", {}).get("ProcessorConfig", {})
        if configuration.get("ExecutionType") == "EXPRESS":
            configuration["ExecutionType"] = "STANDARD"
    return json.dumps(machine)


def is_exceeded(failed: int, total: int, tolerated_count: int, tolerated_percentage: float) -> bool:
    """Tell whether more items failed than is tolerated; of two limits either counts, and 0 beside another is none."""
    if not tolerated_count and not tolerated_percentage:
        return failed > 0
    exceeds_count = bool(tolerated_count) and failed > tolerated_count
    return exceeds_count or (bool(tolerated_percentage) and failed * 100 > tolerated_percentage * total)


def _maps(machine: Any) -> Iterator[dict[str, Any]]:
    states = machine.get("States") if isinstance(machine, dict) else None
    for state in states.values() if isinstance(states, dict) else ():
        if not isinstance(state, dict):
            continue
        if state.get("Type") == "Map":
            yield state
        branches = state.get("Branches")
        for part in (state.get("ItemProcessor"), state.get("Iterator"), *(branches or ())):
            yield from _maps(part)


def _counting(upstream: Callable[..., None]) -> Callable[..., None]:
    def eval_job(self: Any, env: Any, job: Any) -> None:
        upstream(self, env, job)
        record, total = self._map_run_record, self._job_pool._jobs_number
        if not isinstance(env.program_state(), ProgramEnded):
            record.execution_counter.running.offset(-1)
        failed = record.item_counter.failed.get() + record.item_counter.timed_out.get()
        if is_exceeded(failed, total, record.tolerated_failure_count, record.tolerated_failure_percentage):
            job.job_output = _failure(env, StatesErrorNameType.StatesExceedToleratedFailureThreshold, _EXCEEDED)

    return eval_job


def _reading(upstream: Callable[..., None]) -> Callable[..., None]:
    def read(self: Any, env: Any) -> None:
        try:
            upstream(self, env)
        except ClientError as error:
            cause = str(error.response.get("Error", {}).get("Message", error))
            raise _failure(env, StatesErrorNameType.StatesItemReaderFailed, cause) from error

    return read


def _list_objects(env: Any, resource_runtime_part: Any, state_credentials: Any) -> None:
    client = ResourceEvalS3._get_s3_client(resource_runtime_part, state_credentials)
    pages = client.get_paginator("list_objects_v2").paginate(**env.stack.pop())
    env.stack.append([_listed(found) for page in pages for found in page.get("Contents", ())])


def _listed(found: dict[str, Any]) -> dict[str, Any]:
    """Spell an object of a bucket as an item."""
    return {
        "Etag": found["ETag"],
        "Key": found["Key"],
        "LastModified": int(found["LastModified"].timestamp()),
        "Size": found["Size"],
        "StorageClass": found.get("StorageClass", "STANDARD"),
    }


def _failure(env: Any, kind: StatesErrorNameType, cause: str) -> FailureEventException:
    error = StatesErrorName(typ=kind)
    details = EventDetails(mapRunFailedEventDetails=MapRunFailedEventDetails(error=error.error_name, cause=cause))
    return FailureEventException(FailureEvent(env, error, HistoryEventType.MapRunFailed, details))
