"""The names by which what is deployed is found: by its own parts, by the command and in the console."""

from enum import StrEnum
from typing import Final

from stepweave.cdk.errors import SynthesisError
from stepweave.contract.dead_letter import QUEUE_SUFFIX

STORAGE_STACK: Final = "StepweaveStorage"
AGENTS_STACK: Final = "StepweaveAgents"
WORKFLOWS_STACK: Final = "StepweaveWorkflows"

_NAMESPACE: Final = "stepweave"
_LONGEST_QUEUE_NAME: Final = 80


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


EVENT_BUS: Final = _NAMESPACE
"""The bus on which circuit breakers say that they opened or closed."""

BREAKERS_OUTPUT: Final = "BreakersTableName"
"""The output of the storage stack that names the table of circuit breakers."""

DEAD_LETTERS: Final = "dead_letters"
"""The function that makes dead letters of failed executions: its folder below ``lambdas/``, like an agent's name."""

ADMISSION: Final = "admission"
"""The function that admits the inputs of executions: its folder below ``lambdas/``, like an agent's name."""

EVERY: Final = "*"
"""In place of a name: whatever it is. What a DAG file adds to a deployment is not known when the rest is deployed."""


class QueueKind(StrEnum):
    """What waits in a queue for a person to look at it; the queue's name ends with this."""

    FAILURES = QUEUE_SUFFIX
    """Dead letters of a workflow's executions that failed."""
    UNDELIVERED = "undelivered"
    """Events about a workflow's failures that did not reach the function that makes dead letters of them."""
    INVOCATIONS = "invocations"
    """Events for which a function was invoked asynchronously, and failed for good."""


def queue_name(owner: str, kind: QueueKind) -> str:
    """Return the name of a queue of a state machine or a function, by which `dlq` and dead letters find it.

    Parameters
    ----------
    owner : str
        The name of the state machine or function.
    kind : QueueKind
        What waits in the queue.

    Raises
    ------
    SynthesisError
        If SQS does not take a name as long as that.

    Example
    -------
    >>> queue_name("stepweave-code-review", QueueKind.FAILURES)
    'stepweave-code-review-failures'
    """
    name = f"{owner}-{kind}"
    if len(name) > _LONGEST_QUEUE_NAME:
        raise SynthesisError(
            f"a queue of {owner} would be called {name}, and SQS takes {_LONGEST_QUEUE_NAME} characters; "
            f"shorten the name by {len(name) - _LONGEST_QUEUE_NAME}"
        )
    return name


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
