"""The function that admits the inputs of executions, for all workflows."""

from datetime import timedelta
from typing import Final

from aws_cdk import aws_iam as iam
from aws_cdk import aws_logs as logs
from constructs import Construct

from stepweave.cdk.acknowledgement import acknowledge_wildcard
from stepweave.cdk.arns import executions_arn
from stepweave.cdk.bundle import Bundle
from stepweave.cdk.bundled_function import BundledFunction, FunctionShape
from stepweave.cdk.function_code import bundle_code
from stepweave.cdk.function_role import FunctionRole
from stepweave.cdk.naming import ADMISSION, EVERY
from stepweave.cdk.policy import allow
from stepweave.cdk.storage import Storage
from stepweave.contract.stored import RESULTS

_TIMEOUT: Final = timedelta(minutes=1)


class AdmissionFunction(BundledFunction):
    """The function that checks what an execution was started with, before any task runs.

    Parameters
    ----------
    bundle : Bundle
        What it runs.
    storage : Storage
        Where large inputs go.
    """

    def __init__(self, scope: Construct, construct_id: str, *, bundle: Bundle, storage: Storage) -> None:
        super().__init__(
            scope,
            construct_id,
            shape=FunctionShape(
                folder=ADMISSION,
                description="Stepweave: checks what executions are started with",
                timeout=_TIMEOUT,
                memory_mb=512,
            ),
            code=bundle_code(bundle, storage.settings.python),
            role=lambda function, log: _role(function, log, storage),
            storage=storage,
            environment={},
        )


def _role(scope: Construct, log_group: logs.ILogGroup, storage: Storage) -> iam.Role:
    executions = executions_arn(scope, storage.settings.names.state_machine(EVERY))
    role = FunctionRole(
        scope,
        "Role",
        description="What the function that admits inputs may do",
        log_group=log_group,
        storage=storage,
        policies={
            "LookUpExecutions": allow("states", ["DescribeExecution"], [executions]),
            "WriteInputs": allow("s3", ["PutObject"], [storage.objects(RESULTS)]),
        },
    )
    acknowledge_wildcard(role, executions, "It looks up executions of every workflow, whose names begin so.")
    storage.acknowledge_objects(role, RESULTS)
    return role
