"""The role of a workflow's state machine: the workflow's agents, its gates, their breakers, and no more."""

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from constructs import Construct

from stepweave.cdk.arns import executions_arn, function_arn, live_arn, rule_arn, state_machine_arn
from stepweave.cdk.deployed_agents import has_breakers, has_gates, has_inputs
from stepweave.cdk.encryption import use_of_key
from stepweave.cdk.naming import ADMISSION, nested_name
from stepweave.cdk.policy import allow
from stepweave.cdk.storage import Storage
from stepweave.compiler.compile import CompiledWorkflow


class WorkflowRole(iam.Role):
    """What the state machines of a workflow may do.

    They invoke the workflow's agents, use its gates, record crashes with the agents' breakers, and run its nested
    executions.

    Parameters
    ----------
    workflow : CompiledWorkflow
        The workflow.
    storage : Storage
        Where the gates and the breakers are.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        workflow: CompiledWorkflow,
        storage: Storage,
    ) -> None:
        names = storage.settings.names
        nested = [names.state_machine(nested_name(workflow.name, key)) for key in workflow.nested]
        machines = [state_machine_arn(scope, name) for name in (names.state_machine(workflow.name), *nested)]
        called = [names.function(agent.name) for agent in workflow.agents]
        # Without the alias too: an execution that began before there were aliases calls functions so to its end.
        functions = [arn(scope, function) for function in called for arn in (function_arn, live_arn)]
        policies = {"Agents": allow("lambda", ["InvokeFunction"], functions), **use_of_key(storage)}
        if has_inputs(workflow):
            admission = live_arn(scope, names.function(ADMISSION))
            policies["Admission"] = allow("lambda", ["InvokeFunction"], [admission])
        if has_gates(workflow):
            policies["Gates"] = allow("dynamodb", ["GetItem", "PutItem", "UpdateItem"], [storage.gates_table.table_arn])
            policies["WakeWaitingStates"] = allow("states", ["SendTaskSuccess"], machines)
        if has_breakers(workflow):
            # Crashes of agents, which they cannot record themselves.
            policies["Breakers"] = allow("dynamodb", ["UpdateItem"], [storage.breakers_table.table_arn])
        if nested:
            policies["StartNested"] = allow("states", ["StartExecution"], machines[1:])
            policies["FollowNested"] = allow(
                "states",
                ["DescribeExecution", "StopExecution"],
                [executions_arn(scope, name) for name in nested],
            )
            # The rule by which Step Functions learns that an execution which it waits for has ended.
            policies["WaitForNested"] = allow(
                "events",
                ["PutTargets", "PutRule", "DescribeRule"],
                [rule_arn(scope, "StepFunctionsGetEventsForStepFunctionsExecutionRule")],
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
