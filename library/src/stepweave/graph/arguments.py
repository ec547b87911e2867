"""Where a task's input comes from: the arguments on the edges of the graph."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from pydantic import JsonValue


@dataclass(frozen=True)
class Constant:
    """A value that is known at build time."""

    value: JsonValue


@dataclass(frozen=True)
class WorkflowInput:
    """A field of the execution's input."""

    name: str


@dataclass(frozen=True)
class ResultOf:
    """The result of another task."""

    task: str


@dataclass(frozen=True)
class ListOf:
    """A list, some items of which are only known at run time."""

    items: tuple[Argument, ...]


@dataclass(frozen=True)
class MapOf:
    """An object, some fields of which are only known at run time."""

    items: tuple[tuple[str, Argument], ...]


Argument = Constant | WorkflowInput | ResultOf | ListOf | MapOf


def results_in(argument: Argument) -> Iterator[str]:
    """Yield the ids of the tasks whose results an argument uses, in order, repetitions included."""
    match argument:
        case ResultOf(task):
            yield task
        case ListOf(items):
            for item in items:
                yield from results_in(item)
        case MapOf(fields):
            for _, item in fields:
                yield from results_in(item)
        case Constant() | WorkflowInput():
            return
