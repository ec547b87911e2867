"""Weave a DAG of agents into AWS Step Functions: the names that a project imports.

They are resolved when they are first used, so that a Lambda function that holds only part of the library, and a
command that needs only part of it, load no more than that part.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from stepweave.contract.agent import Agent as Agent
    from stepweave.contract.breaker import Breaker as Breaker
    from stepweave.contract.failure import TaskFailure as TaskFailure
    from stepweave.contract.retry import Retry as Retry
    from stepweave.graph.errors import WorkflowError as WorkflowError
    from stepweave.language.workflow import workflow as workflow
    from stepweave.runtime.agent_handler import agent_handler as agent_handler
    from stepweave.runtime.context import TaskContext as TaskContext
    from stepweave.runtime.errors import TransientError as TransientError

_HOMES = {
    "Agent": "contract.agent",
    "Breaker": "contract.breaker",
    "Retry": "contract.retry",
    "TaskContext": "runtime.context",
    "TaskFailure": "contract.failure",
    "TransientError": "runtime.errors",
    "WorkflowError": "graph.errors",
    "agent_handler": "runtime.agent_handler",
    "workflow": "language.workflow",
}

__all__ = [  # noqa: PLE0604 - sorted as the table is
    *_HOMES,
]


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module  # noqa: PLC0415 - as lazy as the rest

    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
