"""What a result writer makes of the results of child executions.

Upstream defects: ``ResultWriter`` writes a manifest that lists nothing; it knows no ``WriterConfig``; its
parameters are evaluated against the results; and of two Map states that run at once it names the wrong one.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any, Final

from stepweave.local_cloud.adapters.step_functions.child_executions import PENDING, UNSUCCESSFUL, ChildExecution

_KINDS: Final = ("FAILED", "PENDING", "SUCCEEDED")
_TRANSFORMATIONS: Final = frozenset({"NONE", "COMPACT", "FLATTEN"})
_OUTPUT_TYPES: Final = frozenset({"JSON", "JSONL"})


def check_writer(writer: Any) -> None:
    """Check a ``ResultWriter``.

    Raises
    ------
    ValueError
        If AWS refuses it.
    """
    configuration = writer.get("WriterConfig", {}) if isinstance(writer, dict) else None
    if not writer or not isinstance(configuration, dict):
        raise ValueError("'ResultWriter' must be an object with 'Resource' or 'WriterConfig'")
    for name, allowed in (("Transformation", _TRANSFORMATIONS), ("OutputType", _OUTPUT_TYPES)):
        if name in configuration and configuration[name] not in allowed:
            raise ValueError(f"'{name}' must be one of {sorted(allowed)}")


def results(children: Iterable[ChildExecution], transformation: str) -> list[Any]:
    """Return the results of child executions; one that failed gives its record, whatever is asked for.

    Parameters
    ----------
    children
        The executions.
    transformation
        ``NONE`` gives records, ``COMPACT`` outputs, and ``FLATTEN`` the members of outputs that are arrays.
    """
    found: list[Any] = []
    for child in children:
        if transformation == "NONE" or child.status != "SUCCEEDED":
            found.append(child.record())
        elif transformation == "FLATTEN" and isinstance(child.output, list):
            found.extend(child.output)
        else:
            found.append(child.output)
    return found


def result_files(
    children: Iterable[ChildExecution], prefix: str, configuration: Mapping[str, str]
) -> dict[str, list[tuple[str, bytes]]]:
    """Return the files to write.

    Parameters
    ----------
    children
        All executions of a Map run.
    prefix
        What the keys begin with, with the slash at its end.
    configuration
        The ``WriterConfig``.

    Returns
    -------
    dict[str, list[tuple[str, bytes]]]
        Keys and contents, by the kind of the executions: ``FAILED``, ``PENDING`` and ``SUCCEEDED``.
    """
    by_kind: dict[str, list[ChildExecution]] = {kind: [] for kind in _KINDS}
    for child in children:
        by_kind[_kind(child)].append(child)
    output_type = configuration.get("OutputType", "JSON")
    files = {}
    for kind, executions in by_kind.items():
        found = results(executions, configuration.get("Transformation", "NONE"))
        key = f"{prefix}{kind}_0.{output_type.lower()}"
        files[kind] = [(key, _text(found, output_type).encode())] if executions else []
    return files


def manifest(bucket: str, map_run_arn: str, files: Mapping[str, list[tuple[str, bytes]]]) -> bytes:
    """Return the content of ``manifest.json``."""
    listed = {kind: [{"Key": key, "Size": len(content)} for key, content in found] for kind, found in files.items()}
    return json.dumps({"DestinationBucket": bucket, "MapRunArn": map_run_arn, "ResultFiles": listed}).encode()


def _kind(child: ChildExecution) -> str:
    if child.status in UNSUCCESSFUL:
        return "FAILED"
    return PENDING if child.status == PENDING else "SUCCEEDED"


def _text(found: list[Any], output_type: str) -> str:
    if output_type == "JSONL":
        return "".join(json.dumps(result, ensure_ascii=False, separators=(",", ":")) + "\n" for result in found)
    return json.dumps(found, ensure_ascii=False, separators=(",", ":"))
