"""Which parts of the payload bucket an agent may touch, as its contract implies."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final, get_args

from pydantic import BaseModel

from stepweave.cdk.errors import SynthesisError
from stepweave.contract.agent import Agent
from stepweave.contract.dead_letter import DEAD_LETTER_PREFIX
from stepweave.contract.stored import RESULTS, Stored

DEAD_LETTER_INPUTS: Final = f"{DEAD_LETTER_PREFIX}/"


@dataclass(frozen=True)
class PayloadAccess:
    """The key prefixes below which an agent may get and put objects."""

    reads: tuple[str, ...]
    writes: tuple[str, ...]


def payload_access(agent: Agent[Any, Any]) -> PayloadAccess:
    """Derive the access from the types of the contract.

    Every agent moves large results in and out by reference. Beyond that, one whose input holds a model that says
    where its objects are stored reads there, and one whose output holds such a model writes there.

    Example
    -------
    >>> payload_access(linter).reads  # doctest: +SKIP
    ('repositories/', 'results/')
    """
    return PayloadAccess(_prefixes(agent.input), _prefixes(agent.output))


def stored_objects(agents: Iterable[Agent[Any, Any]]) -> list[Stored]:
    """Return what the contracts of agents say to be stored in the payload bucket, by prefix.

    Raises
    ------
    SynthesisError
        If two models use one prefix and say different things of it.
    """
    found: dict[str, Stored] = {}
    for agent in agents:
        for stored in sorted({*_stored(agent.input), *_stored(agent.output)}, key=lambda one: (one.prefix, one.kept)):
            if found.setdefault(stored.prefix, stored) != stored:
                raise SynthesisError(
                    f"agent {agent.name}: objects below {stored.prefix} are kept for {stored.kept.days} days here and "
                    f"for {found[stored.prefix].kept.days} elsewhere; use one Stored for both"
                )
    return [found[prefix] for prefix in sorted(found)]


def _prefixes(model: type[BaseModel]) -> tuple[str, ...]:
    return tuple(sorted({RESULTS, *(stored.prefix for stored in _stored(model))}))


def _stored(annotation: object) -> set[Stored]:
    """Return what the models say that a type is made of, at any depth."""
    found: set[Stored] = set()
    seen: set[object] = set()
    waiting = [annotation]
    while waiting:
        one = waiting.pop()
        waiting += get_args(one)
        if isinstance(one, type) and issubclass(one, BaseModel) and one not in seen:
            seen.add(one)
            waiting += [info.annotation for info in one.model_fields.values()]
            stored = getattr(one, "stored", None)
            if isinstance(stored, Stored):
                found.add(stored)
    return found
