"""One workflow in AWS: its state machines, their logs, and the queue that takes the executions that failed."""

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final, cast

import aws_cdk as cdk
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_sqs as sqs
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from stepweave.cdk.acknowledgement import acknowledge, acknowledge_wildcard
from stepweave.cdk.arns import executions_arn, function_arn, live_arn, state_machine_arn
from stepweave.cdk.dead_letter_queue import DeadLetterQueue
from stepweave.cdk.expiring_log import ExpiringLog
from stepweave.cdk.naming import ADMISSION, DEAD_LETTERS, QueueKind, nested_name, pascal_case, queue_name
from stepweave.cdk.queue_alarm import alarm_on_messages
from stepweave.cdk.settings import Settings
from stepweave.cdk.storage import StorageStack
from stepweave.cdk.workflow_role import WorkflowRole
from stepweave.compiler.asl import Definition, definition_json
from stepweave.compiler.compile import CompiledWorkflow

INLINE_DEFINITION_BYTES: Final = 50_000
"""A longer definition becomes an asset, so that many workflows fit into a template, which holds 1 MB at most."""

_FAILED: Final = ("FAILED", "TIMED_OUT", "ABORTED")
_DELIVERED_WITHIN: Final = cdk.Duration.hours(24)


class WorkflowStateMachine(Construct):
    """The state machine of a workflow, its log, and the queue of its failures.

    Whatever ends an execution other than success is handed to the function that makes dead letters, which puts one
    into the failure queue: it says which task failed on what input and why, which is all that a redrive needs. The
    event waits in a queue of its own if it cannot be handed over.

    The log has every event but no execution data. The data is in the execution's history for 90 days; the log would be
    a second place that holds what customers sent.

    Parameters
    ----------
    workflow : CompiledWorkflow
        The workflow.
    storage : StorageStack
        Where the gates and the breakers are.
    settings : Settings
        What was chosen about the deployment.

    Attributes
    ----------
    state_machine : sfn.StateMachine
    failures : sqs.Queue
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        workflow: CompiledWorkflow,
        storage: StorageStack,
        settings: Settings,
    ) -> None:
        super().__init__(scope, construct_id)
        names = settings.names
        name = names.state_machine(workflow.name)
        nested_names = {key: names.state_machine(nested_name(workflow.name, key)) for key in workflow.nested}
        substitutions = {f"agent_{agent.name}": live_arn(self, names.function(agent.name)) for agent in workflow.agents}
        substitutions |= {key: state_machine_arn(self, nested) for key, nested in nested_names.items()}
        substitutions["admission"] = live_arn(self, names.function(ADMISSION))
        substitutions["gates_table"] = storage.gates_table.table_name
        substitutions["breakers_table"] = storage.breakers_table.table_name
        role = WorkflowRole(self, "Role", workflow=workflow, storage=storage, settings=settings)
        self.state_machine = self._machine(
            "StateMachine", workflow.name, workflow.definition, substitutions, role, settings
        )
        for key, definition in workflow.nested.items():
            self._machine(pascal_case(key), nested_name(workflow.name, key), definition, substitutions, role, settings)
        for nested in nested_names.values():
            acknowledge_wildcard(
                role,
                executions_arn(self, nested),
                "Nested executions get their names when they start; their state machine is named.",
            )
        acknowledge(
            role.node.find_child("DefaultPolicy"),
            "AwsSolutions-IAM5[Resource::*]",
            "X-Ray and the delivery of vended logs have no resources to name.",
        )
        self.failures = self._queue("Failures", queue_name(name, QueueKind.FAILURES), settings)
        undelivered = self._queue("UndeliveredFailures", queue_name(name, QueueKind.UNDELIVERED), settings)
        events.Rule(
            self,
            "FailureRule",
            description=f"Executions of {name} that did not succeed",
            event_pattern=events.EventPattern(
                source=["aws.states"],
                detail_type=["Step Functions Execution Status Change"],
                detail={"status": list(_FAILED), "stateMachineArn": [self.state_machine.state_machine_arn]},
            ),
            targets=[
                targets.LambdaFunction(
                    lambda_.Function.from_function_attributes(
                        self,
                        "DeadLetters",
                        function_arn=function_arn(self, names.function(DEAD_LETTERS)),
                        skip_permissions=True,  # the function's stack permits it to the rules of all workflows
                    ),
                    dead_letter_queue=undelivered,
                    max_event_age=_DELIVERED_WITHIN,
                    retry_attempts=185,  # as many as fit into that time
                )
            ],
        )
        alarm_on_messages(self, "FailureAlarm", self.failures, f"Executions of {name} failed", settings)
        alarm_on_messages(
            self, "UndeliveredAlarm", undelivered, f"Failures of {name} did not reach their function", settings
        )

    def _machine(  # noqa: PLR0913, PLR0917
        self,
        construct_id: str,
        workflow: str,
        definition: Definition,
        substitutions: Mapping[str, str],
        role: iam.IRole,
        settings: Settings,
    ) -> sfn.StateMachine:
        with _definition_body(definition) as (text, body):
            used = {key: value for key, value in substitutions.items() if f"${{{key}}}" in text}
            machine = sfn.StateMachine(
                self,
                construct_id,
                state_machine_name=settings.names.state_machine(workflow),
                state_machine_type=sfn.StateMachineType.STANDARD,
                definition_body=body,
                definition_substitutions=used,
                role=role,
                tracing_enabled=True,
                logs=sfn.LogOptions(
                    destination=ExpiringLog(
                        self,
                        "Logs" if construct_id == "StateMachine" else f"{construct_id}Logs",
                        name=settings.names.state_machine_log(workflow),
                        settings=settings,
                    ),
                    level=sfn.LogLevel.ALL,
                    include_execution_data=False,
                ),
            )
        # cfn-lint takes `Parameters` of a Parallel state for an error; the language has it.
        resource = cast("sfn.CfnStateMachine", machine.node.default_child)
        resource.add_metadata("cfn-lint", {"config": {"ignore_checks": ["E3601"]}})
        return machine

    def _queue(self, construct_id: str, name: str, settings: Settings) -> sqs.Queue:
        queue = DeadLetterQueue(self, construct_id, name=name, settings=settings)
        acknowledge(queue, "AwsSolutions-SQS3", "This queue is a dead-letter queue itself; people read it.")
        return queue


@contextmanager
def _definition_body(definition: Definition) -> Iterator[tuple[str, sfn.DefinitionBody]]:
    """Give the text and the body of a definition to the state machine that is made in this context, which copies it."""
    asl = definition_json(definition)
    if len(asl) <= INLINE_DEFINITION_BYTES:
        yield asl, sfn.DefinitionBody.from_string(asl)
        return
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "definition.asl.json")
        file.write_text(asl, encoding="utf-8")
        yield asl, sfn.DefinitionBody.from_file(str(file))
