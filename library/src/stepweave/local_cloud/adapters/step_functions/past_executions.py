"""What is left of an execution that has ended: what it was given and gave, and its history, in a file."""

# ruff: noqa: SLF001 - upstream's own seams

from __future__ import annotations

import copy
import pickle
from collections.abc import Iterator, Sequence
from types import SimpleNamespace
from typing import Any, Final

from moto.stepfunctions.parser.backend.execution import Execution

from stepweave.local_cloud.spool import Filed, Spool

_DATA: Final = ("input_data", "execution_input", "output")


class FiledHistory(Sequence[Any]):
    """The events of an execution, in a file until they are asked for; and what keeps them, as the engine knows it."""

    def __init__(self, spool: Spool, events: list[Any]) -> None:
        self._length = len(events)
        self._filed = spool.put(pickle.dumps(events))

    def _read(self) -> list[Any]:
        events: list[Any] = pickle.loads(self._filed.read())  # noqa: S301 - nobody else can write to the file
        return events

    def __len__(self) -> int:
        return self._length

    def __getitem__(self, index: Any) -> Any:
        return self._read()[index]

    def __iter__(self) -> Iterator[Any]:
        return iter(self._read())

    def __deepcopy__(self, _memo: dict[int, Any]) -> list[Any]:
        return self._read()


class PastEvents:
    """A history that is over, as the engine gives one out."""

    def __init__(self, events: Sequence[Any]) -> None:
        self._history_event_list = events

    def get_event_history(self) -> list[Any]:
        """Return a copy of the events."""
        return list(copy.deepcopy(self._history_event_list))


class PastTokens:
    """The task tokens of an execution that has ended: nobody waits for them, but they are known."""

    def __init__(self, tokens: frozenset[str]) -> None:
        self._tokens = tokens

    def get(self, token: str) -> Any:
        """Return where a token was waited for."""
        return SimpleNamespace(get_outcome=lambda: True) if token in self._tokens else None


class PastExecution(Execution):  # type: ignore[misc]
    """An execution that will not run any more; what it was given and gave is read when it is asked for."""

    _filed_data: Filed

    @property
    def _data(self) -> dict[str, Any]:
        data: dict[str, Any] = pickle.loads(self._filed_data.read())  # noqa: S301 - as above
        return data

    input_data = property(lambda self: self._data["input_data"])
    execution_input = property(lambda self: self._data["execution_input"])
    output = property(lambda self: self._data["output"])


def make_past(execution: Any, spool: Spool) -> None:
    """Let an execution be past: file what can be read of it, and let go of all that it ran with."""
    environment = execution.exec_worker.env
    history = environment.event_manager._history_event_list
    if not isinstance(history, FiledHistory):
        history = FiledHistory(spool, history)
    past = SimpleNamespace(event_manager=PastEvents(history), attempt=None)
    if tokens := frozenset(environment.callback_pool_manager._pool):
        past.callback_pool_manager = PastTokens(tokens)
    if environment.map_run_record_pool_manager.get_all():
        past.map_run_record_pool_manager = environment.map_run_record_pool_manager
    execution._filed_data = spool.put(pickle.dumps({name: getattr(execution, name) for name in _DATA}))
    # In this order: whoever reads meanwhile finds the same in either place.
    execution.__class__ = PastExecution
    for name in _DATA:
        del vars(execution)[name]
    execution.exec_worker = SimpleNamespace(env=past)
    execution._cloud_watch_logging_session = None
