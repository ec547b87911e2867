"""The resources of tasks that there are, and those that the local cloud offers.

What AWS does not know is refused with the definition, as AWS does. What AWS knows and the local cloud cannot do is
taken, since a definition may never come to it, and fails its task with an error that names it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

from stepweave.local_cloud.adapters.step_functions.sdk_services import boto_name, operation_of

_JOB, _JOB_2, _TOKEN = "sync", "sync:2", "waitForTaskToken"

OFFERED: Final = frozenset({"aws-sdk", "dynamodb", "events", "lambda", "sns", "sqs", "states"})
"""The integrations that the local cloud has."""

_OPTIMISED: Final[dict[str, tuple[frozenset[str], frozenset[str]]]] = {
    service: (frozenset(actions.split()), frozenset(patterns))
    for service, actions, *patterns in (
        ("apigateway", "invoke", _TOKEN),
        ("athena", "startQueryExecution stopQueryExecution getQueryExecution getQueryResults", _JOB),
        ("batch", "submitJob", _JOB),
        ("bedrock", "invokeModel createModelCustomizationJob", _JOB),
        ("codebuild", "startBuild stopBuild batchDeleteBuilds batchGetReports startBuildBatch stopBuildBatch "
         "retryBuildBatch deleteBuildBatch", _JOB),
        ("databrew", "startJobRun", _JOB),
        ("dynamodb", "getItem putItem deleteItem updateItem"),
        ("ecs", "runTask", _JOB, _TOKEN),
        ("eks", "createCluster deleteCluster createNodegroup deleteNodegroup createFargateProfile "
         "deleteFargateProfile call runJob", _JOB, _TOKEN),
        ("elasticmapreduce", "createCluster terminateCluster addStep cancelStep setClusterTerminationProtection "
         "modifyInstanceFleetByName modifyInstanceGroupByName", _JOB),
        ("emr-containers", "createVirtualCluster deleteVirtualCluster startJobRun", _JOB),
        ("emr-serverless", "createApplication startApplication stopApplication deleteApplication startJobRun "
         "cancelJobRun", _JOB),
        ("events", "putEvents", _TOKEN),
        ("glue", "startJobRun", _JOB),
        ("http", "invoke"),
        ("lambda", "invoke", _TOKEN),
        ("mediaconvert", "createJob", _JOB),
        ("sagemaker", "createEndpoint createEndpointConfig createHyperParameterTuningJob createLabelingJob "
         "createModel createProcessingJob createTrainingJob createTransformJob updateEndpoint", _JOB),
        ("sns", "publish", _TOKEN),
        ("sqs", "sendMessage", _TOKEN),
        ("states", "startExecution", _JOB, _JOB_2, _TOKEN),
    )
}  # fmt: skip
"""Of each integration that AWS optimised, its actions and how one may wait for them."""

_OF_STEP_FUNCTIONS: Final = re.compile(r"arn:[a-z-]+:states:[^:]*:[^:]*:([^:]*):?(.*)")


def is_known(resource: str) -> bool:
    """Tell whether AWS knows the resource of a task; what is no integration is not looked at.

    Parameters
    ----------
    resource
        An ARN: of a function, an activity or an integration.

    Example
    -------
    >>> is_known("arn:aws:states:::sqs:sendMessage"), is_known("arn:aws:states:::sqs:sendMessage.sync")
    (True, False)
    >>> is_known("arn:aws:states:::aws-sdk:sfn:startExecution"), is_known("arn:aws:states:::aws-sdk:sfn:fly")
    (True, False)
    """
    integration = _OF_STEP_FUNCTIONS.fullmatch(resource)
    if integration is None:
        return True
    service, name = integration.groups()
    if service == "activity":
        return bool(name) and ":" not in name
    action, _, pattern = name.partition(".")
    if service == "aws-sdk":
        called, _, action = action.partition(":")
        return pattern in {"", _TOKEN} and _has_action(called, action)
    actions, patterns = _OPTIMISED.get(service, (frozenset(), frozenset()))
    return action in actions and (not pattern or pattern in patterns)


def _has_action(service: str, action: str) -> bool:
    boto = boto_name(service)
    operation = None if boto is None else operation_of(boto, action)
    return operation is not None and action == f"{operation.name[:1].lower()}{operation.name[1:]}"


def unknown_fields(resource: str, parameters: Any) -> Iterator[str]:
    """Give the parameters that an action does not have, in the words of a definition; capitals do not matter.

    Parameters
    ----------
    resource
        A resource that is known.
    parameters
        What a task gives it: ``Parameters`` or ``Arguments``.
    """
    integration = _OF_STEP_FUNCTIONS.fullmatch(resource)
    if integration is None or not isinstance(parameters, dict):
        return
    service, name = integration.groups()
    called, _, action = name.partition(".")[0].rpartition(":")
    if service not in OFFERED:
        return
    boto = boto_name(called) if service == "aws-sdk" else {"states": "stepfunctions"}.get(service, service)
    operation = None if boto is None else operation_of(boto, action)
    members = operation.input_shape.members if operation is not None and operation.input_shape is not None else {}
    known = {str(member).lower() for member in members}
    for field in parameters:
        if field.removesuffix(".$").lower() not in known:
            yield field
