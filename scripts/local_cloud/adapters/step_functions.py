"""All adapters of Step Functions."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Any

from scripts.local_cloud.adapters.branch_errors import branch_errors
from scripts.local_cloud.adapters.context_times import textual_context_times
from scripts.local_cloud.adapters.definite_paths import definite_paths
from scripts.local_cloud.adapters.definition_checks import definition_checks
from scripts.local_cloud.adapters.distributed_maps import distributed_maps
from scripts.local_cloud.adapters.engine_clients import in_process_clients
from scripts.local_cloud.adapters.escaped_strings import escaped_strings
from scripts.local_cloud.adapters.executing_engine import executing_engine
from scripts.local_cloud.adapters.execution_api import complete_execution_api
from scripts.local_cloud.adapters.execution_events import execution_status_events
from scripts.local_cloud.adapters.execution_start import execution_start
from scripts.local_cloud.adapters.fewer_threads import fewer_threads
from scripts.local_cloud.adapters.interruptible_executions import interruptible_executions
from scripts.local_cloud.adapters.json_text import json_text
from scripts.local_cloud.adapters.jsonata_expressions import jsonata_evaluator
from scripts.local_cloud.adapters.lambda_tasks import FunctionCaller, in_process_functions, lambda_error_names
from scripts.local_cloud.adapters.map_run_api import map_run_api
from scripts.local_cloud.adapters.map_runs import map_runs
from scripts.local_cloud.adapters.nested_executions import nested_executions
from scripts.local_cloud.adapters.parsed_once import parsed_once
from scripts.local_cloud.adapters.query_language import query_language_per_definition
from scripts.local_cloud.adapters.quotas import quotas
from scripts.local_cloud.adapters.redrive import redrivable_executions
from scripts.local_cloud.adapters.service_tasks import service_task_names
from scripts.local_cloud.adapters.state_machine_arns import state_machine_arns
from scripts.local_cloud.adapters.sync_polling import quick_sync_polling
from scripts.local_cloud.adapters.task_tokens import task_tokens
from scripts.local_cloud.adapters.wait_timestamps import wait_timestamps
from scripts.local_cloud.lambda_runtime.moto_backend import client_error
from scripts.local_cloud.server import WsgiApplication


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
        definite_paths(),
        branch_errors(),
        fewer_threads(),
        jsonata_evaluator(),
        textual_context_times(),
        wait_timestamps(),
        in_process_clients(application, endpoint_url),
        in_process_functions(functions, client_error),
        lambda_error_names(),
        service_task_names(),
        quick_sync_polling(),
        complete_execution_api(),
        execution_start(),
        state_machine_arns(),
        definition_checks(),
        quotas(),
        execution_status_events(),
        interruptible_executions(callers_leave=functions.lets_callers_leave),
        nested_executions(),
        task_tokens(),
        redrivable_executions(),
        map_runs(),
        map_run_api(),
    )
