"""Which parts of the payload bucket an agent may touch, as its contract implies."""

from dataclasses import dataclass
from typing import Any, Final, get_args

from pydantic import BaseModel

from lambdas.reporter.contract import ReportFile
from lambdas.shared.repository.contract import RepoRef
from stepweave.contract.agent import Agent
from stepweave.contract.dead_letter import DEAD_LETTER_PREFIX

REPOSITORIES: Final = "repositories/"
RESULTS: Final = "results/"
REPORTS: Final = "reports/"
DEAD_LETTER_INPUTS: Final = f"{DEAD_LETTER_PREFIX}/"


@dataclass(frozen=True)
class PayloadAccess:
    """The key prefixes below which an agent may get and put objects."""

    reads: tuple[str, ...]
    writes: tuple[str, ...]


def payload_access(agent: Agent[Any, Any]) -> PayloadAccess:
    """Derive the access from the types of the contract.

    Every agent moves large results in and out by reference. Beyond that, one that is given a `RepoRef` reads
    repositories, and one that returns a `ReportFile` writes reports.

    Example
    -------
    >>> payload_access(linter).reads  # doctest: +SKIP
    ('repositories/', 'results/')
    """
    reads = (REPOSITORIES, RESULTS) if _mentions(agent.input, RepoRef) else (RESULTS,)
    writes = (REPORTS, RESULTS) if _mentions(agent.output, ReportFile) else (RESULTS,)
    return PayloadAccess(reads, writes)


def _mentions(annotation: object, wanted: type[BaseModel], seen: frozenset[object] = frozenset()) -> bool:
    """Tell whether a type is `wanted` or is made of it, at any depth."""
    if annotation is wanted:
        return True
    parts: list[object] = list(get_args(annotation))
    if isinstance(annotation, type) and issubclass(annotation, BaseModel) and annotation not in seen:
        seen |= {annotation}
        parts += [info.annotation for info in annotation.model_fields.values()]
    return any(_mentions(part, wanted, seen) for part in parts)
