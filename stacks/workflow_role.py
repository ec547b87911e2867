"""The role of a workflow's state machine: the workflow's agents, its gates, and no more."""

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from constructs import Construct

from stacks.arns import function_arn, state_machine_arn
from stacks.deployed_agents import has_gates
from stacks.policy import allow
from stacks.storage import StorageStack
from state_machines.compiler.compile import CompiledWorkflow


class WorkflowRole(iam.Role):
    """What the state machine of a workflow may do: invoke the workflow's agents, and use its gates if it has any.

    Parameters
    ----------
    workflow : CompiledWorkflow
        The workflow.
    storage : StorageStack
        Where the gates are.
    """

    def __init__(
        self, scope: Construct, construct_id: str, *, workflow: CompiledWorkflow, storage: StorageStack
    ) -> None:
        functions = [function_arn(scope, agent.name) for agent in workflow.agents]
        policies = {"Agents": allow("lambda", ["InvokeFunction"], functions)}
        if has_gates(workflow):
            policies["Gates"] = allow("dynamodb", ["GetItem", "PutItem", "UpdateItem"], [storage.gates_table.table_arn])
            policies["WakeWaitingStates"] = allow(
                "states", ["SendTaskSuccess"], [state_machine_arn(scope, workflow.name)]
            )
        super().__init__(
            scope,
            construct_id,
            description=f"What the workflow {workflow.name} may do",
            # Step Functions must not be talked into this role by a state machine of another account.
            assumed_by=iam.ServicePrincipal(
                "states.amazonaws.com", conditions={"StringEquals": {"aws:SourceAccount": cdk.Aws.ACCOUNT_ID}}
            ),
            inline_policies=policies,
        )
