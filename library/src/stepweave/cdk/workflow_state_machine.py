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
from aws_cdk import aws_logs as logs
from aws_cdk import aws_sqs as sqs
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from stepweave.cdk.acknowledgement import acknowledge, acknowledge_wildcard
from stepweave.cdk.arns import executions_arn, function_arn, live_arn, state_machine_arn
from stepweave.cdk.dead_letter_queue import DeadLetterQueue
from stepweave.cdk.expiring_log import ExpiringLog
from stepweave.cdk.naming import ADMISSION, DEAD_LETTERS, QueueKind, nested_name, pascal_case, queue_name
from stepweave.cdk.queue_alarm import alarm_on_messages
from stepweave.cdk.storage import Storage
from stepweave.cdk.workflow_role import WorkflowRole
from stepweave.compiler.asl import Definition, definition_json
from stepweave.compiler.compile import CompiledWorkflow, compile_workflow
from stepweave.language.workflow import Workflow

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
    workflow : Workflow | CompiledWorkflow
        The workflow.
    storage : Storage
        Where the gates and the breakers are.
    log_group : logs.ILogGroup | None
        A log of yours that it writes to; one of its own if None.

    It finds the functions of its agents and the `SystemFunctions` by their names. If they are in the same stack, say so
    that they are deployed first: ``machine.node.add_dependency(payer, system)``.

    Attributes
    ----------
    workflow : CompiledWorkflow
    state_machine : sfn.StateMachine
    nested : Mapping[str, sfn.StateMachine]
        The state machines of its nested executions, by what the workflow calls them.
    failures : sqs.Queue
        The dead letters of its executions.

    Raises
    ------
    WorkflowError
        If the workflow cannot be compiled.

    Example
    -------
    >>> machine = WorkflowStateMachine(stack, "Settle", workflow=settle_claim, storage=storage)  # doctest: +SKIP
    >>> machine.state_machine.grant_start_execution(api_function)  # doctest: +SKIP
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        workflow: Workflow | CompiledWorkflow,
        storage: Storage,
        log_group: logs.ILogGroup | None = None,
    ) -> None:
        super().__init__(scope, construct_id)
        if isinstance(workflow, Workflow):
            workflow = compile_workflow(workflow)
        self.workflow = workflow
        self._storage, self._log_group = storage, log_group
        settings = storage.settings
        names = settings.names
        name = names.state_machine(workflow.name)
        nested_names = {key: names.state_machine(nested_name(workflow.name, key)) for key in workflow.nested}
        substitutions = {f"agent_{agent.name}": live_arn(self, names.function(agent.name)) for agent in workflow.agents}
        substitutions |= {key: state_machine_arn(self, nested) for key, nested in nested_names.items()}
        substitutions["admission"] = live_arn(self, names.function(ADMISSION))
        substitutions["gates_table"] = storage.gates_table.table_name
        substitutions["breakers_table"] = storage.breakers_table.table_name
        role = WorkflowRole(self, "Role", workflow=workflow, storage=storage)
        self.state_machine = self._machine("StateMachine", workflow.name, workflow.definition, substitutions, role)
        self.nested = {
            key: self._machine(pascal_case(key), nested_name(workflow.name, key), definition, substitutions, role)
            for key, definition in workflow.nested.items()
        }
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
        self.failures = self._queue("Failures", queue_name(name, QueueKind.FAILURES))
        undelivered = self._queue("UndeliveredFailures", queue_name(name, QueueKind.UNDELIVERED))
        events.Rule(
            self,
            "FailureRule",
            rule_name=names.failure_rule(workflow.name, cdk.Stack.of(self).stack_name),
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

    def _machine(
        self,
        construct_id: str,
        workflow: str,
        definition: Definition,
        substitutions: Mapping[str, str],
        role: iam.IRole,
    ) -> sfn.StateMachine:
        settings = self._storage.settings
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
                    destination=self._log_group
                    or ExpiringLog(
                        self,
                        "Logs" if construct_id == "StateMachine" else f"{construct_id}Logs",
                        name=settings.names.state_machine_log(workflow),
                        settings=settings,
                        key=self._storage.encryption_key,
                    ),
                    level=sfn.LogLevel.ALL,
                    include_execution_data=False,
                ),
            )
        # cfn-lint takes `Parameters` of a Parallel state for an error; the language has it.
        resource = cast("sfn.CfnStateMachine", machine.node.default_child)
        resource.add_metadata("cfn-lint", {"config": {"ignore_checks": ["E3601"]}})
        return machine

    def _queue(self, construct_id: str, name: str) -> sqs.Queue:
        queue = DeadLetterQueue(
            self, construct_id, name=name, settings=self._storage.settings, key=self._storage.encryption_key
        )
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
