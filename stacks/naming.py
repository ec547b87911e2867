"""The names by which what is deployed is found: by its own parts, by the command and in the console."""

from typing import Final

STORAGE_STACK: Final = "StepweaveStorage"
AGENTS_STACK: Final = "StepweaveAgents"
WORKFLOWS_STACK: Final = "StepweaveWorkflows"

_NAMESPACE: Final = "stepweave"


def function_name(agent: str) -> str:
    """Return the name of an agent's Lambda function.

    Example
    -------
    >>> function_name("security_scanner")
    'stepweave-security-scanner'
    """
    return f"{_NAMESPACE}-{agent.replace('_', '-')}"


def state_machine_name(workflow: str) -> str:
    """Return the name of a workflow's state machine.

    Example
    -------
    >>> state_machine_name("code-review")
    'stepweave-code-review'
    """
    return f"{_NAMESPACE}-{workflow}"


def pascal_case(name: str) -> str:
    """Return an agent's or a workflow's name as CloudFormation wants ids: letters and digits only.

    Example
    -------
    >>> pascal_case("code-review")
    'CodeReview'
    """
    return "".join(word[:1].upper() + word[1:] for word in name.replace("_", "-").split("-"))
