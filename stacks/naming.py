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


def nested_name(workflow: str, key: str) -> str:
    """Return what a nested part of a workflow is called, as if it were a workflow of its own.

    Example
    -------
    >>> nested_name("nightly-build", "nested_2")
    'nightly-build-nested-2'
    """
    return f"{workflow}-{key.replace('_', '-')}"


DAG_CONSTRUCT: Final = "Dag"
"""What the workflow of a DAG file is called inside its own stack: names that repeat the stack's get too long."""


def dag_stack_name(workflow: str) -> str:
    """Return the name of the stack that holds the workflow of a DAG file.

    Example
    -------
    >>> dag_stack_name("dag-montage")
    'StepweaveDagMontage'
    """
    return f"{pascal_case(_NAMESPACE)}{pascal_case(workflow)}"


def pascal_case(name: str) -> str:
    """Return an agent's or a workflow's name as CloudFormation wants ids: letters and digits only.

    Example
    -------
    >>> pascal_case("code-review")
    'CodeReview'
    """
    return "".join(word[:1].upper() + word[1:] for word in name.replace("_", "-").split("-"))
