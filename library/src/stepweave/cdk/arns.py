"""ARNs of what another stack holds, by name and not by reference.

CloudFormation locks what another stack imports: with a reference, an agent that no workflow uses any more could not be
removed in one deployment.
"""

import aws_cdk as cdk
from constructs import Construct

from stepweave.cdk.naming import LIVE


def function_arn(scope: Construct, function: str) -> str:
    """Return the ARN of a function, in the account and region of `scope`."""
    return _arn(scope, "lambda", "function", function)


def live_arn(scope: Construct, function: str) -> str:
    """Return the ARN by which a function's published version is called, in the account and region of `scope`."""
    return f"{function_arn(scope, function)}:{LIVE}"


def state_machine_arn(scope: Construct, state_machine: str) -> str:
    """Return the ARN of a state machine, in the account and region of `scope`."""
    return _arn(scope, "states", "stateMachine", state_machine)


def executions_arn(scope: Construct, state_machine: str) -> str:
    """Return the ARN that stands for every execution of a state machine."""
    return _arn(scope, "states", "execution", f"{state_machine}:*")


def rule_arn(scope: Construct, rule: str) -> str:
    """Return the ARN of a rule on the default event bus."""
    return cdk.Stack.of(scope).format_arn(service="events", resource="rule", resource_name=rule)


def queue_arn(scope: Construct, queue: str) -> str:
    """Return the ARN of a queue, in the account and region of `scope`."""
    return cdk.Stack.of(scope).format_arn(service="sqs", resource=queue)


def _arn(scope: Construct, service: str, resource: str, name: str) -> str:
    return cdk.Stack.of(scope).format_arn(
        service=service, resource=resource, resource_name=name, arn_format=cdk.ArnFormat.COLON_RESOURCE_NAME
    )
