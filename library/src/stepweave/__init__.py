"""Weave a DAG of agents into AWS Step Functions: the names that a project imports.

They are resolved when they are first used, so that a Lambda function, whose bundle holds only part of the library, and
a command that needs only part of it, load no more than that part. Nothing at all is imported here: this is what is
loaded before the command can see to Ctrl-C.
"""

TYPE_CHECKING = False  # what type checkers take for true, as they do typing's

if TYPE_CHECKING:
    from stepweave.contract.agent import Agent as Agent
    from stepweave.contract.argument import Argument as Argument
    from stepweave.contract.argument import PreparedInput as PreparedInput
    from stepweave.contract.breaker import Breaker as Breaker
    from stepweave.contract.breaker import CircuitBreakerConfig as CircuitBreakerConfig
    from stepweave.contract.failure import TaskFailure as TaskFailure
    from stepweave.contract.permission import Permission as Permission
    from stepweave.contract.refusal import RefusedError as RefusedError
    from stepweave.contract.retry import Retry as Retry
    from stepweave.contract.secret import Secret as Secret
    from stepweave.contract.stored import Stored as Stored
    from stepweave.contract.stored import StoredFile as StoredFile
    from stepweave.contract.vpc import Vpc as Vpc
    from stepweave.graph.errors import WorkflowError as WorkflowError
    from stepweave.language.workflow import workflow as workflow
    from stepweave.runtime.agent_handler import agent_handler as agent_handler
    from stepweave.runtime.aws_errors import object_errors as object_errors
    from stepweave.runtime.clients import s3 as s3
    from stepweave.runtime.context import TaskContext as TaskContext
    from stepweave.runtime.errors import ObjectCorruptError as ObjectCorruptError
    from stepweave.runtime.errors import ObjectMissingError as ObjectMissingError
    from stepweave.runtime.errors import TransientError as TransientError
    from stepweave.runtime.settings import payload_bucket as payload_bucket
    from stepweave.runtime.tracing import span as span

_MODULES = {
    "Agent": "contract.agent",
    "Argument": "contract.argument",
    "Breaker": "contract.breaker",
    "CircuitBreakerConfig": "contract.breaker",
    "ObjectCorruptError": "runtime.errors",
    "ObjectMissingError": "runtime.errors",
    "Permission": "contract.permission",
    "PreparedInput": "contract.argument",
    "RefusedError": "contract.refusal",
    "Retry": "contract.retry",
    "Secret": "contract.secret",
    "Stored": "contract.stored",
    "StoredFile": "contract.stored",
    "TaskContext": "runtime.context",
    "TaskFailure": "contract.failure",
    "TransientError": "runtime.errors",
    "Vpc": "contract.vpc",
    "WorkflowError": "graph.errors",
    "agent_handler": "runtime.agent_handler",
    "object_errors": "runtime.aws_errors",
    "payload_bucket": "runtime.settings",
    "s3": "runtime.clients",
    "span": "runtime.tracing",
    "workflow": "language.workflow",
}

__all__ = [
    "Agent",
    "Argument",
    "Breaker",
    "CircuitBreakerConfig",
    "ObjectCorruptError",
    "ObjectMissingError",
    "Permission",
    "PreparedInput",
    "RefusedError",
    "Retry",
    "Secret",
    "Stored",
    "StoredFile",
    "TaskContext",
    "TaskFailure",
    "TransientError",
    "Vpc",
    "WorkflowError",
    "agent_handler",
    "object_errors",
    "payload_bucket",
    "s3",
    "span",
    "workflow",
]


def __getattr__(name: str) -> object:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module  # noqa: PLC0415 - nothing is imported before it is needed

    return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
