"""The state machines of all deployed workflows."""

from collections.abc import Callable, Sequence
from typing import Any

import aws_cdk as cdk
from constructs import Construct

from stepweave.cdk.naming import pascal_case
from stepweave.cdk.storage import Storage
from stepweave.cdk.workflow_state_machine import WorkflowStateMachine
from stepweave.compiler.compile import CompiledWorkflow


class WorkflowsStack(cdk.Stack):
    """One `WorkflowStateMachine` for each workflow, with its ARN and the URL of its failure queue as outputs.

    Parameters
    ----------
    workflows : Sequence[CompiledWorkflow]
        The workflows.
    storage : Storage
        Where their gates are.
    construct_name : Callable[[str], str]
        Returns what a workflow is called in the stack, by its name.

    Attributes
    ----------
    machines : list[WorkflowStateMachine]
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        workflows: Sequence[CompiledWorkflow],
        storage: Storage,
        construct_name: Callable[[str], str] = pascal_case,
        **options: Any,
    ) -> None:
        super().__init__(scope, construct_id, description="Stepweave: the workflows' state machines", **options)
        self.machines: list[WorkflowStateMachine] = []
        for workflow in workflows:
            name = construct_name(workflow.name)
            deployed = WorkflowStateMachine(self, name, workflow=workflow, storage=storage)
            self.machines.append(deployed)
            cdk.CfnOutput(
                self,
                f"{name}StateMachineArn",
                value=deployed.state_machine.state_machine_arn,
                description=f"Start executions of {workflow.name} with this ARN",
            )
            cdk.CfnOutput(
                self,
                f"{name}FailureQueueUrl",
                value=deployed.failures.queue_url,
                description=f"Executions of {workflow.name} that failed, timed out or were aborted",
            )
