"""Metrics in logs: AWS's embedded metric format."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Final

from stepweave.local_cloud.metrics.datum import NO_UNIT, Datum, Metric

_SIGN: Final = '"_aws"'
_MOST_METRICS: Final = 100
_MOST_DIMENSIONS: Final = 30
_MOST_VALUES: Final = 100


def embedded_metrics(message: str, at: float) -> list[Datum]:
    """Return what a log event measures: nothing, unless it is JSON in the embedded metric format.

    Parameters
    ----------
    message
        The log event.
    at
        When it was logged, in seconds since the epoch.

    Example
    -------
    >>> directive = '{"Namespace": "shop", "Dimensions": [[]], "Metrics": [{"Name": "n"}]}'
    >>> event = '{"_aws": {"CloudWatchMetrics": [' + directive + ']}, "n": [1, 2]}'
    >>> [(datum.metric.name, datum.total) for datum in embedded_metrics(event, 0.0)]
    [('n', 3.0)]
    """
    if _SIGN not in message or not message.lstrip().startswith("{"):
        return []
    try:
        document = json.loads(message)
        meta = document["_aws"]
        when = float(meta["Timestamp"]) / 1000 if "Timestamp" in meta else at
        return [datum for directive in meta["CloudWatchMetrics"] for datum in _of_directive(directive, document, when)]
    except (ValueError, KeyError, TypeError, AttributeError):
        return []  # CloudWatch takes it for a log event like any other


def _of_directive(directive: dict[str, Any], document: dict[str, Any], at: float) -> Iterator[Datum]:
    for names in directive.get("Dimensions") or [[]]:
        if len(names) > _MOST_DIMENSIONS or any(name not in document for name in names):
            continue
        dimensions = [(name, str(document[name])) for name in names]
        for definition in directive["Metrics"][:_MOST_METRICS]:
            values = _values(document.get(definition["Name"]))
            if values:
                yield Datum.of_values(
                    Metric.of(directive["Namespace"], definition["Name"], dimensions),
                    at,
                    values,
                    definition.get("Unit") or NO_UNIT,
                    1 if definition.get("StorageResolution") == 1 else 60,
                )


def _values(given: Any) -> dict[float, float]:
    values: dict[float, float] = {}
    for value in (given if isinstance(given, list) else [given])[:_MOST_VALUES]:
        if isinstance(value, int | float) and not isinstance(value, bool):
            values[float(value)] = values.get(float(value), 0.0) + 1
    return values
