"""Where a task's input comes from: the arguments on the edges of the graph."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import assert_never

from pydantic import JsonValue

from stepweave.contract.event import StandIn


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


def stand_ins(argument: Argument, place: StandIn) -> Iterator[StandIn]:
    """Yield where in an argument values are known at run time alone, so that another may stand for them.

    Parameters
    ----------
    argument : Argument
        The argument.
    place : StandIn
        Where it is itself.
    """
    match argument:
        case ResultOf() | WorkflowInput():
            yield place
        case ListOf(items) if items and all(isinstance(item, ResultOf | WorkflowInput) for item in items):
            yield (*place, None)
        case ListOf(items):
            for index, item in enumerate(items):
                yield from stand_ins(item, (*place, index))
        case MapOf(fields):
            for key, item in fields:
                yield from stand_ins(item, (*place, key))
        case Constant():
            return


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
