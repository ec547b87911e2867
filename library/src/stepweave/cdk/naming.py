"""The names by which what is deployed is found: by its own parts, by the command and in the console."""

import hashlib
import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from stepweave.cdk.errors import SynthesisError
from stepweave.contract.dead_letter import QUEUE_SUFFIX

DEFAULT_NAMESPACE: Final = "stepweave"
"""What the names of a project begin with that says nothing about it."""

DEFAULT_ENVIRONMENT: Final = "default"
"""The environment of a deployment that names none. Nothing that is deployed has it in its name."""

PAYLOADS_OUTPUT: Final = "PayloadBucketName"
"""The output of the storage stack that names the bucket of payloads."""

BREAKERS_OUTPUT: Final = "BreakersTableName"
"""The output of the storage stack that names the table of circuit breakers."""

DEAD_LETTERS: Final = "dead_letters"
"""The function that makes dead letters of failed executions: its folder below ``lambdas/``, like an agent's name."""

ADMISSION: Final = "admission"
"""The function that admits the inputs of executions: its folder below ``lambdas/``, like an agent's name."""
LIVE: Final = "live"
"""The alias of the version of a function that state machines call."""

EVERY: Final = "*"
"""In place of a name: whatever it is. What a DAG file adds to a deployment is not known when the rest is deployed."""

DAG_CONSTRUCT: Final = "Dag"
"""What the workflow of a DAG file is called inside its own stack: names that repeat the stack's get too long."""

SAME_IDS: Final = "Default"
"""What a construct is called whose parts shall have the logical ids that they would have without it: the CDK leaves out
this name. What held data before there was the construct holds it still."""

_WORD: Final = re.compile(r"[a-z][a-z0-9]*")
_LONGEST_TOGETHER: Final = 22  # and 2 hyphens, and 40 of an agent's name: 64, which is what Lambda takes
_LONGEST_RULE: Final = 64
_LONGEST_NAME: Final = 80  # of a state machine, and of a queue


class QueueKind(StrEnum):
    """What waits in a queue for a person to look at it; the queue's name ends with this."""

    FAILURES = QUEUE_SUFFIX
    """Dead letters of a workflow's executions that failed."""
    UNDELIVERED = "undelivered"
    """Events about a workflow's failures that did not reach the function that makes dead letters of them."""
    INVOCATIONS = "invocations"
    """Events for which a function was invoked asynchronously, and failed for good."""


@dataclass(frozen=True)
class Names:
    """The names of one deployment of a project: of all that an account or a region knows by name.

    Two deployments live side by side in an account if they differ in namespace or environment.

    Parameters
    ----------
    namespace : str
        The project's own: a lower-case letter, then lower-case letters and digits.
    environment : str
        Which deployment of the project it is, spelled alike: ``staging``, or whose copy it is. Without one the names
        hold the namespace alone.

    Raises
    ------
    SynthesisError
        If one of them is spelled otherwise, or both together have more than 22 characters.

    Example
    -------
    >>> Names("claims", "staging").function("payer")
    'claims-staging-payer'
    >>> Names().function("security_scanner")
    'stepweave-security-scanner'
    """

    namespace: str = DEFAULT_NAMESPACE
    environment: str = DEFAULT_ENVIRONMENT

    def __post_init__(self) -> None:
        for what, value in (("namespace", self.namespace), ("environment", self.environment)):
            if not _WORD.fullmatch(value):
                # Without hyphens, so that nobody's names begin with the namespace and environment of somebody else.
                raise SynthesisError(
                    f"{what} {value!r}: use lower-case letters and digits, a letter first, and no hyphens"
                )
        together = len(self.namespace) + len(self._suffix)
        if together > _LONGEST_TOGETHER:
            raise SynthesisError(
                f"namespace {self.namespace!r} and environment {self._suffix!r} have {together} characters together; "
                f"with more than {_LONGEST_TOGETHER}, a function's name could be longer than the 64 that Lambda takes"
            )

    @property
    def prefix(self) -> str:
        """What all names begin with, and a hyphen behind it; it is the name of the event bus too."""
        return f"{self.namespace}-{self._suffix}" if self._suffix else self.namespace

    @property
    def event_bus(self) -> str:
        """The bus on which circuit breakers say that they opened or closed."""
        return self.prefix

    @property
    def storage_stack(self) -> str:
        """The stack of the bucket, the tables and the event bus."""
        return self._stack("Storage")

    @property
    def agents_stack(self) -> str:
        """The stack of the functions."""
        return self._stack("Agents")

    @property
    def workflows_stack(self) -> str:
        """The stack of the state machines, but for those of DAG files."""
        return self._stack("Workflows")

    @property
    def rules(self) -> str:
        """What stands for the rules of all stacks, whose names CloudFormation makes of the stacks', cut off somewhere.

        A namespace and an environment are never cut.
        """
        return f"{self._stack('').rstrip('-')}*"

    def failure_rule(self, workflow: str, stack: str) -> str | None:
        """Return the name of the rule about a workflow's failures, one of `rules`.

        None leaves it to CloudFormation, which begins it with the stack's name: for the stacks of this deployment.

        Example
        -------
        >>> Names("claims").failure_rule("settle-claim", "Accounting")
        'ClaimsSettleClaimFailures'
        """
        if self.owns_stack(stack):
            return None
        name = f"{self._stack(pascal_case(workflow))}Failures"
        if len(name) <= _LONGEST_RULE:
            return name
        return f"{name[: _LONGEST_RULE - 9]}-{hashlib.sha256(name.encode()).hexdigest()[:8]}"

    @property
    def metrics_namespace(self) -> str:
        """The CloudWatch namespace of the functions' metrics."""
        name = pascal_case(self.namespace)
        return f"{name}/{self._suffix}" if self._suffix else name

    @property
    def transitions_log(self) -> str:
        """The log group of what circuit breakers tell; EventBridge writes to none that is called otherwise."""
        return f"/aws/events/{self.prefix}/breakers"

    def dag_stack(self, workflow: str) -> str:
        """Return the name of the stack that holds the workflow of a DAG file.

        Example
        -------
        >>> Names().dag_stack("dag-montage")
        'StepweaveDagMontage'
        """
        return self._stack(pascal_case(workflow))

    def owns_stack(self, stack: str) -> bool:
        """Tell whether a stack is one of this deployment, by its name.

        Example
        -------
        >>> Names("claims").owns_stack("ClaimsWorkflows"), Names("claims").owns_stack("Claims-staging-Workflows")
        (True, False)
        """
        return (
            re.fullmatch(rf"{re.escape(self._stack(''))}(Storage|Agents|Workflows|Dag[A-Za-z0-9]*)", stack) is not None
        )

    def function(self, agent: str) -> str:
        """Return the name of an agent's Lambda function."""
        return f"{self.prefix}-{agent.replace('_', '-')}"

    def function_log(self, agent: str) -> str:
        """Return the name of the log group of an agent's function."""
        return f"/aws/lambda/{self.function(agent)}"

    def state_machine(self, workflow: str) -> str:
        """Return the name of a workflow's state machine.

        Raises
        ------
        SynthesisError
            If Step Functions does not take a name as long as that.

        Example
        -------
        >>> Names().state_machine("code-review")
        'stepweave-code-review'
        """
        return _checked(f"{self.prefix}-{workflow}", "a state machine", "Step Functions")

    def state_machine_log(self, workflow: str) -> str:
        """Return the name of the log group of a workflow's state machine."""
        return f"/aws/vendedlogs/states/{self.state_machine(workflow)}"

    def owner(self, name: str) -> str:
        """Return what a function or a state machine was named after: its name without what all names begin with."""
        return name.removeprefix(f"{self.prefix}-")

    @property
    def _suffix(self) -> str:
        return "" if self.environment == DEFAULT_ENVIRONMENT else self.environment

    def _stack(self, kind: str) -> str:
        # Hyphens keep the stacks of an environment apart from those of DAG files, whose names have none.
        name = pascal_case(self.namespace)
        return f"{name}-{self._suffix}-{kind}" if self._suffix else f"{name}{kind}"


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
    return _checked(f"{owner}-{kind}", f"a queue of {owner}", "SQS")


def nested_name(workflow: str, key: str) -> str:
    """Return what a nested part of a workflow is called, as if it were a workflow of its own.

    Example
    -------
    >>> nested_name("nightly-build", "nested_2")
    'nightly-build-nested-2'
    """
    return f"{workflow}-{key.replace('_', '-')}"


def pascal_case(name: str) -> str:
    """Return an agent's or a workflow's name as CloudFormation wants ids: letters and digits only.

    Example
    -------
    >>> pascal_case("code-review")
    'CodeReview'
    """
    return "".join(word[:1].upper() + word[1:] for word in name.replace("_", "-").split("-"))


def _checked(name: str, what: str, service: str) -> str:
    if len(name) > _LONGEST_NAME:
        raise SynthesisError(
            f"{what} would be called {name}, and {service} takes {_LONGEST_NAME} characters; "
            f"shorten the name by {len(name) - _LONGEST_NAME}"
        )
    return name
