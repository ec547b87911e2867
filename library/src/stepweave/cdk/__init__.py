"""Constructs and stacks that deploy workflows and their agents: the names that a project's CDK code imports.

They are resolved when they are first used, since the CDK takes a while to load.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Final

from stepweave.cdk.node import use_packaged_node

if TYPE_CHECKING:
    from stepweave.cdk.agent_function import AgentFunction as AgentFunction
    from stepweave.cdk.application import Application as Application
    from stepweave.cdk.deployment import Deployment as Deployment
    from stepweave.cdk.errors import SynthesisError as SynthesisError
    from stepweave.cdk.naming import Names as Names
    from stepweave.cdk.settings import Settings as Settings
    from stepweave.cdk.storage import Storage as Storage
    from stepweave.cdk.system_functions import SystemFunctions as SystemFunctions
    from stepweave.cdk.workflow_state_machine import WorkflowStateMachine as WorkflowStateMachine

use_packaged_node()  # before any module of this package imports aws_cdk, which starts Node.js

_MODULES: Final = {
    "AgentFunction": "agent_function",
    "Application": "application",
    "Deployment": "deployment",
    "Names": "naming",
    "Settings": "settings",
    "Storage": "storage",
    "SynthesisError": "errors",
    "SystemFunctions": "system_functions",
    "WorkflowStateMachine": "workflow_state_machine",
}

__all__ = [
    "AgentFunction",
    "Application",
    "Deployment",
    "Names",
    "Settings",
    "Storage",
    "SynthesisError",
    "SystemFunctions",
    "WorkflowStateMachine",
]


def __getattr__(name: str) -> object:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    use_packaged_node()  # again: whoever imported the package first may have put the environment back
    return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
