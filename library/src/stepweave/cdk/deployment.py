"""What is deployed of a project, handed to the project's own CDK code."""

from dataclasses import dataclass

import aws_cdk as cdk

from stepweave.cdk.agent_function import AgentFunction
from stepweave.cdk.settings import Settings
from stepweave.cdk.storage import Storage
from stepweave.cdk.workflow_state_machine import WorkflowStateMachine


@dataclass(frozen=True)
class Deployment:
    """The parts of a deployment.

    A test deploys the workflows that it runs and the agents that these call, and no others: look one up by
    :meth:`agent` or :meth:`workflow`, and do nothing where there is none.

    Parameters
    ----------
    app : cdk.App
        The application, for stacks of the project's own.
    settings : Settings
        What was chosen about the deployment.
    storage : Storage
        The payload bucket, the tables and the event bus.
    agents : tuple[AgentFunction, ...]
        The agents' functions.
    workflows : tuple[WorkflowStateMachine, ...]
        The workflows' state machines.

    Example
    -------
    >>> def customize(deployment: Deployment) -> None:
    ...     if payer := deployment.agent("payer"):
    ...         payer.function.add_environment("BANK_URL", "https://bank.example")
    """

    app: cdk.App
    settings: Settings
    storage: Storage
    agents: tuple[AgentFunction, ...]
    workflows: tuple[WorkflowStateMachine, ...]

    def agent(self, name: str) -> AgentFunction | None:
        """Return the function of an agent; None if it is not deployed."""
        return next((one for one in self.agents if one.agent.name == name), None)

    def workflow(self, name: str) -> WorkflowStateMachine | None:
        """Return the state machine of a workflow, by the workflow's name; None if it is not deployed."""
        return next((one for one in self.workflows if one.workflow.name == name), None)
