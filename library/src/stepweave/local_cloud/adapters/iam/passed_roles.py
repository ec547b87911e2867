"""What is created with a role is refused where AWS refuses it: if the service may not assume the role, or it lacks what
the service does in its name before anything runs.

Upstream defect: a role need not even exist.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

from moto.awslambda.exceptions import InvalidParameterValueException
from moto.awslambda.models import LambdaBackend, LambdaFunction
from moto.core.exceptions import AWSError
from moto.events.exceptions import ValidationException
from moto.events.models import EventsBackend
from moto.stepfunctions.parser.models import StepFunctionsParserBackend

from stepweave.local_cloud.adapters.patch import replaced
from stepweave.local_cloud.lambda_runtime.moto_delivery import SENDING
from stepweave.local_cloud.permissions.actions.table import NO_RESOURCE, Access
from stepweave.local_cloud.permissions.authority import check
from stepweave.local_cloud.permissions.callers import ServiceCaller, service_session

_LOG_DELIVERY: Final = (
    "CreateLogDelivery",
    "DescribeLogGroups",
    "DescribeResourcePolicies",
    "GetLogDelivery",
    "ListLogDeliveries",
    "PutResourcePolicy",
    "UpdateLogDelivery",
)
_MANAGED_RULES: Final = {
    "batch:submitJob.sync": "StepFunctionsGetEventsForBatchJobsRule",
    "codebuild:startBuild.sync": "StepFunctionsGetEventForCodeBuildStartBuildRule",
    "ecs:runTask.sync": "StepFunctionsGetEventsForECSTaskRule",
    "states:startExecution.sync": "StepFunctionsGetEventsForStepFunctionsExecutionRule",
}
_SENDING_ON: Final = {"sqs": ("SendMessage", "SQS"), "sns": ("Publish", "SNS")}


class AccessDenied(AWSError):  # type: ignore[misc]  # noqa: N818 - AWS's name
    """A state machine cannot have this role."""

    TYPE = "AccessDeniedException"
    STATUS = 400


@contextmanager
def roles_of_functions() -> Iterator[None]:
    """Check the roles of functions."""
    upstream_create = LambdaBackend.create_function
    upstream_update = LambdaFunction.update_configuration

    def create_function(self: Any, spec: Any) -> Any:
        arn = f"arn:aws:lambda:{self.region_name}:{self.account_id}:function:{spec['FunctionName']}"
        _check_function(arn, self.account_id, spec, spec.get("Role"))
        return upstream_create(self, spec)

    def update_configuration(self: Any, config_updates: dict[str, Any]) -> Any:
        _check_function(self.function_arn, self.account_id, config_updates, config_updates.get("Role", self.role))
        return upstream_update(self, config_updates)

    with (
        replaced(LambdaBackend, "create_function", create_function),
        replaced(LambdaFunction, "update_configuration", update_configuration),
    ):
        yield


@contextmanager
def roles_of_state_machines() -> Iterator[None]:
    """Check the roles of state machines."""
    upstream_create = StepFunctionsParserBackend.create_state_machine
    upstream_update = StepFunctionsParserBackend.update_state_machine

    def create_state_machine(self: Any, name: str, definition: str, roleArn: str, *rest: Any, **settings: Any) -> Any:  # noqa: N803
        arn = f"arn:aws:states:{self.region_name}:{self.account_id}:stateMachine:{name}"
        _check_machine(arn, self.account_id, roleArn, definition, settings)
        return upstream_create(self, name, definition, roleArn, *rest, **settings)

    def update_state_machine(self: Any, arn: str, *rest: Any, **settings: Any) -> Any:
        machine = self.describe_state_machine(arn)
        role = settings.get("role_arn") or machine.roleArn
        _check_machine(arn, self.account_id, role, settings.get("definition") or "", settings)
        return upstream_update(self, arn, *rest, **settings)

    with (
        replaced(StepFunctionsParserBackend, "create_state_machine", create_state_machine),
        replaced(StepFunctionsParserBackend, "update_state_machine", update_state_machine),
    ):
        yield


@contextmanager
def roles_of_targets() -> Iterator[None]:
    """Check the roles of targets."""
    upstream = EventsBackend.put_targets

    def put_targets(self: Any, name: str, event_bus_arn: str | None, targets: list[dict[str, Any]]) -> Any:
        bus = (event_bus_arn or "default").rpartition("/")[2]
        rule = f"{name}" if bus == "default" else f"{bus}/{name}"
        source = f"arn:aws:events:{self.region_name}:{self.account_id}:rule/{rule}"
        for role in {target["RoleArn"] for target in targets if target.get("RoleArn")}:
            if not _may_assume("events.amazonaws.com", source, self.account_id, role):
                message = f"Provided role '{role}' cannot be assumed by principal 'events.amazonaws.com'."
                raise ValidationException(message)
        return upstream(self, name, event_bus_arn, targets)

    with replaced(EventsBackend, "put_targets", put_targets):
        yield


def _may_assume(principal: str, source_arn: str, account: str, role: str) -> bool:
    return check(ServiceCaller(principal, source_arn, account), Access("sts:AssumeRole", role)).is_allowed


def _check_function(arn: str, account: str, settings: Mapping[str, Any], role: str | None) -> None:
    if not role:
        return
    if "Role" in settings and not _may_assume("lambda.amazonaws.com", arn, account, role):
        raise InvalidParameterValueException("The role defined for the function cannot be assumed by Lambda.")
    caller = service_session(role, arn)

    def demand(access: Access, action: str, service: str) -> None:
        if not check(caller, access).is_allowed:
            message = f"The provided execution role does not have permissions to call {action} on {service}"
            raise InvalidParameterValueException(message)

    if (settings.get("TracingConfig") or {}).get("Mode") == "Active":
        demand(Access("xray:PutTraceSegments", NO_RESOURCE), "PutTraceSegments", "XRAY")
    target = str((settings.get("DeadLetterConfig") or {}).get("TargetArn") or "")
    if (service := target.split(":")[2] if target else "") in _SENDING_ON:
        demand(Access(SENDING[service], target), *_SENDING_ON[service])


def _check_machine(arn: str, account: str, role: str, definition: str, settings: Mapping[str, Any]) -> None:
    if not _may_assume("states.amazonaws.com", arn, account, role):
        raise AccessDenied(
            "Neither the global service principal states.amazonaws.com, nor the regional one is authorized to assume "
            "the provided role."
        )
    caller = service_session(role, arn)
    allows: Callable[[Access], bool] = lambda access: check(caller, access).is_allowed  # noqa: E731
    logging = settings.get("loggingConfiguration") or settings.get("logging_configuration") or {}
    is_logged = logging.get("level", "OFF") != "OFF"
    if is_logged and not all(allows(Access(f"logs:{action}", NO_RESOURCE)) for action in _LOG_DELIVERY):
        raise AccessDenied("The state machine IAM Role is not authorized to access the Log Destination")
    region = arn.split(":")[3]
    for resource, name in _MANAGED_RULES.items():
        rule = f"arn:aws:events:{region}:{account}:rule/{name}"
        if _uses(definition, resource) and not all(
            allows(Access(f"events:{action}", rule)) for action in ("PutTargets", "PutRule", "DescribeRule")
        ):
            raise AccessDenied(f"'{role}' is not authorized to create managed-rule.")


def _uses(definition: str, resource: str) -> bool:
    return f":::{resource}" in definition
