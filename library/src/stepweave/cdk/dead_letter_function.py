"""The function that makes dead letters of failed executions, for all workflows."""

from datetime import timedelta
from typing import Final

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from constructs import Construct

from stepweave.cdk.acknowledgement import acknowledge_wildcard
from stepweave.cdk.arns import executions_arn, queue_arn, rule_arn
from stepweave.cdk.bundle import Bundle
from stepweave.cdk.bundled_function import BundledFunction, FunctionShape
from stepweave.cdk.function_code import bundle_code
from stepweave.cdk.function_role import FunctionRole
from stepweave.cdk.naming import DEAD_LETTERS, EVERY, QueueKind, queue_name
from stepweave.cdk.payload_access import DEAD_LETTER_INPUTS
from stepweave.cdk.policy import allow
from stepweave.cdk.queue_alarm import alarm_on_messages
from stepweave.cdk.storage import Storage

_TIMEOUT: Final = timedelta(minutes=5)  # a history has 25,000 events at the most, in 25 pages or more


class DeadLetterFunction(BundledFunction):
    """The function that the rules of all workflows hand their failed executions to.

    It looks up what failed and why, and puts a dead letter into the workflow's queue. Should it fail for good itself,
    the event waits in its own queue of failed invocations.

    Parameters
    ----------
    bundle : Bundle
        What it runs.
    storage : Storage
        Where payloads, idempotency records and breakers are.
    """

    def __init__(self, scope: Construct, construct_id: str, *, bundle: Bundle, storage: Storage) -> None:
        super().__init__(
            scope,
            construct_id,
            shape=FunctionShape(
                folder=DEAD_LETTERS,
                description="Stepweave: makes dead letters of failed executions",
                timeout=_TIMEOUT,
                memory_mb=512,
            ),
            code=bundle_code(bundle, storage.settings.python),
            role=lambda function, log: _role(function, log, storage),
            storage=storage,
            environment={"STEPWEAVE_BREAKERS_TABLE": storage.breakers_table.table_name},
        )
        alarm_on_messages(
            self, "Alarm", self.invocations, "Failures of executions could not be made dead letters", storage.settings
        )
        # One permission for the rules of all workflows: one for each would outgrow the function's policy of 20 KB.
        lambda_.CfnPermission(
            self,
            "Rules",
            action="lambda:InvokeFunction",
            function_name=self.function.function_name,
            principal="events.amazonaws.com",
            source_account=cdk.Aws.ACCOUNT_ID,
            source_arn=rule_arn(self, storage.settings.names.rules),
        )


def _role(scope: Construct, log_group: logs.ILogGroup, storage: Storage) -> iam.Role:
    machines = storage.settings.names.state_machine(EVERY)
    executions = executions_arn(scope, machines)
    queues = queue_arn(scope, queue_name(machines, QueueKind.FAILURES))
    role = FunctionRole(
        scope,
        "Role",
        description="What the function that makes dead letters may do",
        log_group=log_group,
        storage=storage,
        policies={
            "LookUpExecutions": allow("states", ["DescribeExecution", "GetExecutionHistory"], [executions]),
            "WriteInputs": allow("s3", ["PutObject"], [storage.objects(DEAD_LETTER_INPUTS)]),
            "Idempotency": allow(
                "dynamodb",
                ["GetItem", "PutItem", "UpdateItem", "DeleteItem"],
                [storage.idempotency_table.table_arn],
            ),
            "RecordCrashes": allow("dynamodb", ["UpdateItem"], [storage.breakers_table.table_arn]),
            "SendDeadLetters": allow("sqs", ["SendMessage", "GetQueueUrl"], [queues]),
        },
    )
    acknowledge_wildcard(role, executions, "It looks up executions of every workflow, whose names begin so.")
    acknowledge_wildcard(role, queues, "Each workflow has a queue of its own, whose name begins and ends so.")
    storage.acknowledge_objects(role, DEAD_LETTER_INPUTS)
    return role
