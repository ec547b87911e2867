"""All adapters of Step Functions."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Any

from stepweave.local_cloud.adapters.step_functions.activities import activities
from stepweave.local_cloud.adapters.step_functions.api_constraints import api_constraints
from stepweave.local_cloud.adapters.step_functions.assignments import assignments
from stepweave.local_cloud.adapters.step_functions.choice_rules import choice_rules
from stepweave.local_cloud.adapters.step_functions.context_times import textual_context_times
from stepweave.local_cloud.adapters.step_functions.definition_checks import definition_checks
from stepweave.local_cloud.adapters.step_functions.distributed_maps import distributed_maps
from stepweave.local_cloud.adapters.step_functions.ended_executions import ended_executions
from stepweave.local_cloud.adapters.step_functions.engine_clients import in_process_clients
from stepweave.local_cloud.adapters.step_functions.error_names import error_names
from stepweave.local_cloud.adapters.step_functions.escaped_strings import escaped_strings
from stepweave.local_cloud.adapters.step_functions.evaluation_failures import evaluation_failures
from stepweave.local_cloud.adapters.step_functions.executing_engine import executing_engine
from stepweave.local_cloud.adapters.step_functions.execution_api import complete_execution_api
from stepweave.local_cloud.adapters.step_functions.execution_events import execution_status_events
from stepweave.local_cloud.adapters.step_functions.execution_lists import execution_lists
from stepweave.local_cloud.adapters.step_functions.execution_start import execution_start
from stepweave.local_cloud.adapters.step_functions.fewer_threads import fewer_threads
from stepweave.local_cloud.adapters.step_functions.interruptible_executions import interruptible_executions
from stepweave.local_cloud.adapters.step_functions.intrinsic_functions import intrinsic_functions
from stepweave.local_cloud.adapters.step_functions.json_paths import json_paths
from stepweave.local_cloud.adapters.step_functions.json_text import json_text
from stepweave.local_cloud.adapters.step_functions.jsonata_fields import jsonata_fields
from stepweave.local_cloud.adapters.step_functions.jsonata_states import jsonata_states
from stepweave.local_cloud.adapters.step_functions.lambda_tasks import (
    FunctionCaller,
    in_process_functions,
    lambda_error_names,
)
from stepweave.local_cloud.adapters.step_functions.map_run_api import map_run_api
from stepweave.local_cloud.adapters.step_functions.map_runs import map_runs
from stepweave.local_cloud.adapters.step_functions.nested_executions import nested_executions
from stepweave.local_cloud.adapters.step_functions.parsed_once import parsed_once
from stepweave.local_cloud.adapters.step_functions.query_language import query_language_per_definition
from stepweave.local_cloud.adapters.step_functions.quotas import quotas
from stepweave.local_cloud.adapters.step_functions.redrive import redrivable_executions
from stepweave.local_cloud.adapters.step_functions.reference_paths import reference_paths
from stepweave.local_cloud.adapters.step_functions.refused_integrations import refused_integrations
from stepweave.local_cloud.adapters.step_functions.service_errors import service_errors
from stepweave.local_cloud.adapters.step_functions.service_tasks import service_task_names
from stepweave.local_cloud.adapters.step_functions.state_machine_aliases import state_machine_aliases
from stepweave.local_cloud.adapters.step_functions.state_machine_api import state_machine_api
from stepweave.local_cloud.adapters.step_functions.state_machine_arns import state_machine_arns
from stepweave.local_cloud.adapters.step_functions.sync_polling import quick_sync_polling
from stepweave.local_cloud.adapters.step_functions.task_tokens import task_tokens
from stepweave.local_cloud.adapters.step_functions.wait_timestamps import wait_timestamps
from stepweave.local_cloud.lambda_runtime.moto_backend import client_error
from stepweave.local_cloud.server import WsgiApplication


def step_functions_adapters(
    application: WsgiApplication, endpoint_url: str, functions: FunctionCaller
) -> tuple[AbstractContextManager[Any], ...]:
    """Return the adapters in the order in which they go in.

    Parameters
    ----------
    application
        Answers the AWS calls of tasks.
    endpoint_url
        Where the local cloud listens.
    functions
        Runs Lambda functions.
    """
    return (
        executing_engine(),
        query_language_per_definition(),
        json_text(),
        escaped_strings(),
        distributed_maps(),
        parsed_once(),
        json_paths(),
        choice_rules(),
        error_names(),
        reference_paths(),
        intrinsic_functions(),
        fewer_threads(),
        evaluation_failures(),
        jsonata_fields(),
        jsonata_states(),
        assignments(),
        textual_context_times(),
        wait_timestamps(),
        in_process_clients(application, endpoint_url),
        in_process_functions(functions, client_error),
        lambda_error_names(),
        service_task_names(),
        service_errors(),
        refused_integrations(),
        quick_sync_polling(),
        complete_execution_api(),
        execution_start(),
        execution_lists(),
        state_machine_api(),
        state_machine_aliases(),
        state_machine_arns(),
        definition_checks(),
        quotas(),
        execution_status_events(),
        interruptible_executions(callers_leave=functions.lets_callers_leave),
        nested_executions(),
        task_tokens(),
        activities(),
        redrivable_executions(),
        map_runs(),
        map_run_api(),
        api_constraints(),
        ended_executions(),
    )
