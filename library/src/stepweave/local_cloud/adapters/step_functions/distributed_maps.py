"""Distributed Map states are understood, and read their items, as AWS does.

Upstream defects: definitions with Express children, with ``ItemBatcher``, with ``WriterConfig``, with more of
``ReaderConfig`` than a little, or with a whole number as ``ToleratedFailurePercentage`` are refused; the objects of a
bucket are those of the first page, with Python's times; and where items cannot be read, the error has the name of S3's.

What the grammar does not know is taken out of the definition before it is parsed, and given to what was parsed.
"""

# ruff: noqa: SLF001 - upstream's own seams

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any, Final

from botocore.exceptions import ClientError
from moto.stepfunctions.parser.api import HistoryEventType, MapRunFailedEventDetails
from moto.stepfunctions.parser.asl.component.common.error_name.failure_event import FailureEvent, FailureEventException
from moto.stepfunctions.parser.asl.component.common.error_name.states_error_name import StatesErrorName
from moto.stepfunctions.parser.asl.component.common.error_name.states_error_name_type import StatesErrorNameType
from moto.stepfunctions.parser.asl.component.state.exec.state_map.item_reader.eval.resource_eval_s3 import (
    ResourceEvalS3,
)
from moto.stepfunctions.parser.asl.component.state.exec.state_map.item_reader.eval.resource_output_transformer import (
    transformer,
)
from moto.stepfunctions.parser.asl.component.state.exec.state_map.item_reader.item_reader_decl import ItemReader
from moto.stepfunctions.parser.asl.eval.event.event_detail import EventDetails
from moto.stepfunctions.parser.asl.parse.asl_parser import AmazonStateLanguageParser

from stepweave.local_cloud.adapters.patch import replaced
from stepweave.local_cloud.adapters.step_functions.item_batches import batcher_template
from stepweave.local_cloud.adapters.step_functions.item_readers import (
    UnreadableItems,
    for_grammar,
    is_known_to_grammar,
    items_of,
)
from stepweave.local_cloud.adapters.step_functions.jsonata_locations import relocate
from stepweave.local_cloud.adapters.step_functions.result_files import check_writer

_PERCENTAGE: Final = "ToleratedFailurePercentage"
_DISTRIBUTED: Final = '"DISTRIBUTED"'
_EXPRESS: Final = "EXPRESS"


@dataclass(frozen=True)
class MapExtras:
    """What the grammar does not know of a distributed Map state.

    Parameters
    ----------
    is_express
        Whether its child executions are Express ones.
    batcher
        The upstream component that evaluates the ``ItemBatcher``, if there is one.
    writer
        The upstream component of the ``ResultWriter``, if results are to be written.
    writer_configuration
        The ``WriterConfig``, if there is one.
    """

    is_express: bool = False
    batcher: Any = None
    writer: Any = None
    writer_configuration: dict[str, str] | None = None


NO_EXTRAS: Final = MapExtras()


@contextmanager
def distributed_maps() -> Iterator[None]:
    """Understand distributed Map states, and read their items."""
    upstream_parse = AmazonStateLanguageParser.parse

    def parse(definition: str) -> Any:
        parsed = upstream_parse(understood(definition))
        if _DISTRIBUTED in definition:
            machine = json.loads(definition)
            for state, language, component in _distributed_components(machine, parsed[0].states, "JSONPath"):
                _complete(state, language, component, upstream_parse)
        return parsed

    with ExitStack() as patches:
        for owner, name, method in (
            (AmazonStateLanguageParser, "parse", staticmethod(parse)),
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
    if _PERCENTAGE not in definition and _DISTRIBUTED not in definition:
        return definition
    try:
        machine = json.loads(definition)
    except ValueError:
        return definition  # the parser says what is wrong with it
    for state in _maps(machine):
        if isinstance(state.get(_PERCENTAGE), int):
            state[_PERCENTAGE] = float(state[_PERCENTAGE])
        if _is_distributed(state):
            _take_out_extras(state)
    return json.dumps(machine)


def _take_out_extras(state: dict[str, Any]) -> None:
    configuration = _part(state)["ProcessorConfig"]
    if configuration.get("ExecutionType") == _EXPRESS:
        configuration["ExecutionType"] = "STANDARD"
    state.pop("ItemBatcher", None)
    reader = state.get("ItemReader")
    if isinstance(reader, dict) and isinstance(reader.get("ReaderConfig"), dict):
        reader["ReaderConfig"] = for_grammar(reader["ReaderConfig"])
    writer = state.get("ResultWriter")
    if isinstance(writer, dict):
        writer.pop("WriterConfig", None)
        if not writer:
            del state["ResultWriter"]


def _complete(state: dict[str, Any], language: str, component: Any, parse: Callable[[str], Any]) -> None:
    """Give to a component what was taken out of its state."""
    writer = state.get("ResultWriter")
    if writer is not None:
        check_writer(writer)
    reader = state.get("ItemReader", {}).get("ReaderConfig")
    if reader is not None and not is_known_to_grammar(reader):
        component.item_reader.resource_output_transformer = _Items(reader)
    batcher = None
    if "ItemBatcher" in state:
        batcher = _template(batcher_template(state["ItemBatcher"]), language, parse)
    component.iteration_component.extras = MapExtras(
        is_express=_part(state)["ProcessorConfig"].get("ExecutionType") == _EXPRESS,
        batcher=batcher,
        writer=component.result_writer,
        writer_configuration=writer.get("WriterConfig") if writer is not None else None,
    )
    component.result_writer = None  # it is not to write after the Map run, but as its last part


def _template(template: dict[str, Any], language: str, parse: Callable[[str], Any]) -> Any:
    """Return a component of the engine that evaluates a template."""
    field = "Arguments" if language == "JSONata" else "Parameters"
    state = {"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", field: template, "End": True}
    program, _ = parse(json.dumps({"StartAt": "T", "QueryLanguage": language, "States": {"T": state}}))
    arguments = program.states.states["T"].parargs
    relocate(arguments, field, "ItemBatcher")
    return arguments


class _Items(transformer.ResourceOutputTransformer):  # type: ignore[misc]
    """Reads items in a format that the engine does not know."""

    def __init__(self, configuration: dict[str, Any]) -> None:
        self._configuration = configuration

    def _eval_body(self, env: Any) -> None:
        most = env.stack.pop()["MaxItemsValue"]
        try:
            env.stack.append(items_of(env.stack.pop(), self._configuration, most))
        except UnreadableItems as error:
            raise map_failure(env, StatesErrorNameType.StatesItemReaderFailed, str(error)) from error


def _part(state: dict[str, Any]) -> dict[str, Any]:
    part: dict[str, Any] = state.get("ItemProcessor") or state.get("Iterator") or {}
    return part


def _is_distributed(state: dict[str, Any]) -> bool:
    part = _part(state)
    configuration = part.get("ProcessorConfig") if isinstance(part, dict) else None
    return isinstance(configuration, dict) and configuration.get("Mode") == "DISTRIBUTED"


def _distributed_components(machine: Any, states: Any, language: str) -> Iterator[tuple[dict[str, Any], str, Any]]:
    """Give the distributed Map states of a machine that was parsed, their query languages and components."""
    language = machine.get("QueryLanguage", language)
    for name, state in machine["States"].items():
        component = states.states[name]
        if state["Type"] == "Map":
            if _is_distributed(state):
                yield state, state.get("QueryLanguage", language), component
            yield from _distributed_components(_part(state), component.iteration_component._states, language)
        elif state["Type"] == "Parallel":
            for branch, program in zip(state["Branches"], component.branches.programs, strict=True):
                yield from _distributed_components(branch, program.states, language)


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


def _reading(upstream: Callable[..., None]) -> Callable[..., None]:
    def read(self: Any, env: Any) -> None:
        try:
            upstream(self, env)
        except ClientError as error:
            cause = str(error.response.get("Error", {}).get("Message", error))
            raise map_failure(env, StatesErrorNameType.StatesItemReaderFailed, cause) from error

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


def map_failure(env: Any, kind: StatesErrorNameType, cause: str) -> FailureEventException:
    """Return what ends a Map run."""
    error = StatesErrorName(typ=kind)
    details = EventDetails(mapRunFailedEventDetails=MapRunFailedEventDetails(error=error.error_name, cause=cause))
    return FailureEventException(FailureEvent(env, error, HistoryEventType.MapRunFailed, details))
