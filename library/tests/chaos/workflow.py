"""The workflow that is run under faults, and what each of its results must look like."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any, Final

from pydantic import JsonValue

from stepweave.language.workflow import workflow
from tests.chaos.agents.actor.contract import Receipt, actor

NEEDS: Final[dict[str, list[str]]] = {"a": [], "b": [], "c": ["a"], "d": ["a", "b"], "o": ["c"], "e": ["c", "d", "o"]}
"""The tasks by id, and whose results they use: an N, so that there is a gate between its branches."""

FALLBACK: Final = {"b": "b2"}
OPTIONAL: Final = frozenset({"o"})


@workflow(timeout=timedelta(minutes=30))
def chaos(number: int) -> Receipt:
    """Have the effects of an N-shaped block, one with a fallback, and of a task that may fail."""
    a = actor("a", number=number)
    b = actor("b", number=number).fallback(actor("b2", number=number))
    c = actor("c", number=number, given=[a])
    d = actor("d", number=number, given=[a, b])
    o = actor("o", number=number, given=[c]).optional()
    return actor("e", number=number, given=[c, d, o])


def receipts(output: JsonValue, number: int, task: str = "e") -> Iterator[Receipt]:
    """Return what all tasks returned whose results went into an output.

    Raises
    ------
    AssertionError
        If a task was not given the results of the tasks that it uses, in their order.
    """
    if task in OPTIONAL and (output is None or (isinstance(output, dict) and "Error" in output)):
        return
    found: Any = Receipt.model_validate(output)
    assert found.task in {task, FALLBACK.get(task, task)}, f"{found.task} in the place of {task}"
    assert found.number == number
    needs = NEEDS[task]
    assert len(found.given) == len(needs), f"{task} was given {found.given}"
    yield found
    for need, given in zip(needs, found.given, strict=True):
        yield from receipts(given, number, need)
