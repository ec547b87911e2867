"""Calls about state machines give what the API promises.

Upstream defects: a change has no revision; ``DescribeStateMachineForExecution`` describes the state machine of now, not
that of the execution; what is no ARN, or one of something else, is called nonexistent; tags of what does not exist are
taken; and a wrong token is an internal error.
"""

# ruff: noqa: SLF001 - upstream's own seams

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any, Final

from moto.core.responses import ActionResult
from moto.stepfunctions.exceptions import InvalidArn, ResourceNotFound
from moto.stepfunctions.models import StepFunctionBackend
from moto.stepfunctions.parser.models import StepFunctionsParserBackend
from moto.stepfunctions.responses import StepFunctionResponse

from stepweave.local_cloud.adapters.patch import replaced
from stepweave.local_cloud.adapters.step_functions.pages import page

_NO_LOGS: Final = {"level": "OFF", "includeExecutionData": False}
_OF_EXECUTION: Final = (
    "definition",
    "encryptionConfiguration",
    "loggingConfiguration",
    "name",
    "revisionId",
    "roleArn",
    "stateMachineArn",
    "tracingConfiguration",
)


@contextmanager
def state_machine_api() -> Iterator[None]:
    """Mend the calls about state machines."""
    with ExitStack() as patches:
        for owner, name, method in (
            (
                StepFunctionsParserBackend,
                "update_state_machine",
                _updating(StepFunctionsParserBackend.update_state_machine),
            ),
            (
                StepFunctionResponse,
                "_describe_state_machine",
                _describing(StepFunctionResponse._describe_state_machine),
            ),
            (StepFunctionResponse, "update_state_machine", _telling(StepFunctionResponse.update_state_machine)),
            (StepFunctionResponse, "describe_state_machine_for_execution", _describe_for_execution),
            (StepFunctionResponse, "list_state_machines", _list_machines),
            (StepFunctionBackend, "_validate_machine_arn", _of_kind("stateMachine")),
            (StepFunctionBackend, "_validate_execution_arn", _of_kind("execution")),
            (StepFunctionBackend, "_validate_activity_arn", _of_kind("activity")),
            *(
                (StepFunctionBackend, name, _of_existing(getattr(StepFunctionBackend, name)))
                for name in ("tag_resource", "untag_resource", "list_tags_for_resource")
            ),
        ):
            patches.enter_context(replaced(owner, name, method))
        yield


def _updating(upstream: Callable[..., Any]) -> Callable[..., Any]:
    def update(self: Any, arn: str, definition: Any = None, role_arn: Any = None, **rest: Any) -> Any:
        machine = self.describe_state_machine(arn)
        before = machine.definition, machine.roleArn
        if definition or role_arn or not rest.get("publish"):
            upstream(self, arn, definition, role_arn, **{**rest, "publish": False})
        if (machine.definition, machine.roleArn) != before:
            machine.revision_id = str(uuid.uuid4())
        if rest.get("publish"):
            machine.publish(rest.get("version_description"))
        return machine

    return update


def _describing(upstream: Callable[..., ActionResult]) -> Callable[..., ActionResult]:
    def describe(self: Any, arn: str) -> ActionResult:
        answer = upstream(self, arn)
        answer.result["loggingConfiguration"] = {**_NO_LOGS, **answer.result["loggingConfiguration"]}
        answer.result.update(_revision(self.stepfunction_backend.describe_state_machine(arn)))
        return answer

    return describe


def _telling(upstream: Callable[..., ActionResult]) -> Callable[..., ActionResult]:
    def update(self: Any) -> ActionResult:
        machine = self.stepfunction_backend.describe_state_machine(self._get_param("stateMachineArn"))
        before = _revision(machine)
        answer = upstream(self)
        if _revision(machine) != before:
            answer.result.update(_revision(machine))
        return answer

    return update


def _revision(machine: Any) -> dict[str, str]:
    revision = getattr(machine, "revision_id", None)
    return {} if revision is None else {"revisionId": revision}


def _describe_for_execution(self: Any) -> ActionResult:
    execution = self.stepfunction_backend.describe_execution(self._get_param("executionArn"))
    machine = execution.state_machine
    about = {
        **{name: getattr(machine, name, None) for name in _OF_EXECUTION},
        "stateMachineArn": execution.state_machine_arn,
        "loggingConfiguration": {**_NO_LOGS, **machine.loggingConfiguration},
        "updateDate": machine.update_date,
        **_revision(machine),
    }
    return ActionResult({name: value for name, value in about.items() if value is not None})


def _list_machines(self: Any) -> ActionResult:
    machines = sorted(self.stepfunction_backend.state_machines, key=lambda machine: machine.creation_date)
    items = [
        {
            "creationDate": machine.creation_date,
            "name": machine.name,
            "stateMachineArn": machine.arn,
            "type": machine.type,
        }
        for machine in machines
    ]
    return page(self, "stateMachines", items)


def _of_kind(kind: str) -> Callable[[Any, str], None]:
    def validate(self: Any, arn: str) -> None:  # noqa: ARG001 - upstream's signature
        parts = arn.split(":")
        if parts[0] != "arn":
            raise InvalidArn(f"Invalid Arn: 'Invalid ARN prefix: {arn}'")
        if len(parts) < 7 or not parts[6]:
            raise InvalidArn(f"Invalid Arn: '{arn}'")
        if parts[5] != kind:
            raise InvalidArn(f"Invalid Arn: 'Resource type not valid in this context: {parts[5]}'")

    return validate


def _of_existing(upstream: Callable[..., Any]) -> Callable[..., Any]:
    def call(self: Any, arn: str, *args: Any, **kwargs: Any) -> Any:
        if arn not in self.activities and all(machine.arn != arn for machine in self.state_machines):
            raise ResourceNotFound(arn)
        return upstream(self, arn, *args, **kwargs)

    return call
