"""Where a task's input comes from: the arguments on the edges of the graph."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import assert_never

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
    return (leaf.task for leaf in _leaves(argument) if isinstance(leaf, ResultOf))


def inputs_in(argument: Argument) -> Iterator[str]:
    """Yield the names of the workflow inputs that an argument uses, in order, repetitions included."""
    return (leaf.name for leaf in _leaves(argument) if isinstance(leaf, WorkflowInput))


def _leaves(argument: Argument) -> Iterator[Constant | WorkflowInput | ResultOf]:
    match argument:
        case ListOf(items):
            for item in items:
                yield from _leaves(item)
        case MapOf(fields):
            for _, item in fields:
                yield from _leaves(item)
        case Constant() | WorkflowInput() | ResultOf():
            yield argument
        case _:
            assert_never(argument)
