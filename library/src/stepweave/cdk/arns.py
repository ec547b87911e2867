"""ARNs of what another stack holds, by name and not by reference.

CloudFormation locks what another stack imports: with a reference, an agent that no workflow uses any more could not be
removed in one deployment.
"""

import aws_cdk as cdk
from constructs import Construct

from stepweave.cdk.naming import QueueKind, function_name, queue_name, state_machine_name


def function_arn(scope: Construct, agent: str) -> str:
    """Return the ARN of an agent's function, in the account and region of `scope`."""
    return _arn(scope, "lambda", "function", function_name(agent))


def state_machine_arn(scope: Construct, workflow: str) -> str:
    """Return the ARN of a workflow's state machine, in the account and region of `scope`."""
    return _arn(scope, "states", "stateMachine", state_machine_name(workflow))


def executions_arn(scope: Construct, workflow: str) -> str:
    """Return the ARN that stands for every execution of a workflow's state machine."""
    return _arn(scope, "states", "execution", f"{state_machine_name(workflow)}:*")


def rule_arn(scope: Construct, rule: str) -> str:
    """Return the ARN of a rule on the default event bus."""
    return cdk.Stack.of(scope).format_arn(service="events", resource="rule", resource_name=rule)


def queue_arn(scope: Construct, owner: str, kind: QueueKind) -> str:
    """Return the ARN of a queue of a state machine or a function, in the account and region of `scope`."""
    return cdk.Stack.of(scope).format_arn(service="sqs", resource=queue_name(owner, kind))


def _arn(scope: Construct, service: str, resource: str, name: str) -> str:
    return cdk.Stack.of(scope).format_arn(
        service=service, resource=resource, resource_name=name, arn_format=cdk.ArnFormat.COLON_RESOURCE_NAME
    )
