"""Where a contract that is called reports the call: the seam between contracts and the workflow language.

Contracts must not import the language (a Lambda bundle holds no compiler), so the language registers itself here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Protocol, TypeVar


class Called(Protocol):
    """A contract that is called, as far as it matters here."""

    @property
    def name(self) -> str:
        """The agent's name."""


CalledT_contra = TypeVar("CalledT_contra", bound=Called, contravariant=True)


class CallRecorder(Protocol[CalledT_contra]):
    """What records the calls of agents while a workflow function is traced."""

    def record(self, agent: CalledT_contra, task_id: str | None, inputs: Mapping[str, object]) -> object:
        """Record one call and return the handle of its future result."""


_recorder: ContextVar[CallRecorder[Any] | None] = ContextVar("stepweave_call_recorder", default=None)


@contextmanager
def recording(recorder: CallRecorder[Any]) -> Iterator[None]:
    """Send every call of an agent to `recorder` while the context lasts."""
    token = _recorder.set(recorder)
    try:
        yield
    finally:
        _recorder.reset(token)


def record_call(agent: Called, task_id: str | None, inputs: Mapping[str, object]) -> object:
    """Record a call with the recorder in force."""
    recorder = _recorder.get()
    if recorder is None:
        raise RuntimeError(
            f"agent {agent.name!r} was called outside a @workflow function; to run its code directly, "
            "import its logic from the agent's folder instead"
        )
    return recorder.record(agent, task_id, inputs)
