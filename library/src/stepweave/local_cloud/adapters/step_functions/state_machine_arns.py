"""State machines are started and described by the ARN of a version or an alias too.

Upstream defects: an execution that is started by a version's ARN cannot be found again, and one by an alias's ARN
cannot be started; nothing says which version and alias an execution has; and versions can be neither published, listed
nor deleted, nor made but for a change.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

from moto.core.exceptions import AWSError
from moto.core.responses import ActionResult, EmptyResult
from moto.stepfunctions.exceptions import StateMachineDoesNotExist
from moto.stepfunctions.models import StateMachine
from moto.stepfunctions.responses import StepFunctionResponse

from stepweave.local_cloud.adapters.patch import added, replaced
from stepweave.local_cloud.adapters.step_functions.pages import page


class ConflictException(AWSError):  # type: ignore[misc]  # noqa: N818 - AWS's name
    """The version is in use."""

    TYPE = "ConflictException"
    STATUS = 400


@dataclass(frozen=True)
class Revision:
    """What an ARN stands for.

    Parameters
    ----------
    machine
        The state machine.
    definition
        The state machine or its version: what is run.
    version, alias
        The ARNs of the version and the alias, if it is by these that it was asked for.
    """

    machine: Any
    definition: Any
    version: str | None = None
    alias: str | None = None


def revision_of(backend: Any, arn: str) -> Revision:
    """Return what the ARN of a state machine, a version or an alias stands for; of two versions one is drawn.

    Raises
    ------
    StateMachineDoesNotExist
        If there is no such thing.
    """
    backend._validate_machine_arn(arn)  # noqa: SLF001 - upstream's own seam
    machine_arn, qualifier = _split(arn)
    machine = next((machine for machine in backend.state_machines if machine.arn == machine_arn), None)
    if machine is not None and qualifier is None:
        return Revision(machine, machine)
    if machine is not None and qualifier in machine.aliases:
        routes = machine.aliases[qualifier].routing_configuration
        drawn = random.choices(routes, weights=[route["weight"] for route in routes])[0]  # noqa: S311 - not a secret
        version_arn = drawn["stateMachineVersionArn"]
        version = machine.versions.get(int(version_arn.rpartition(":")[2]))
        if version is not None:
            return Revision(machine, version, version=version_arn, alias=arn)
    if machine is not None and qualifier is not None and qualifier.isdecimal() and int(qualifier) in machine.versions:
        return Revision(machine, machine.versions[int(qualifier)], version=arn)
    raise StateMachineDoesNotExist(f"State Machine Does Not Exist: '{arn}'")


def _split(arn: str) -> tuple[str, str | None]:
    parts = arn.split(":")
    return ":".join(parts[:7]), ":".join(parts[7:]) or None


@contextmanager
def state_machine_arns() -> Iterator[None]:
    """Let versions and aliases be used."""
    describe = StepFunctionResponse.describe_execution
    list_all = StepFunctionResponse.list_executions

    def describe_execution(self: Any) -> ActionResult:
        answer: ActionResult = describe(self)
        answer.result.update(qualifiers(self.stepfunction_backend.describe_execution(answer.result["executionArn"])))
        return answer

    def list_executions(self: Any) -> ActionResult:
        answer: ActionResult = list_all(self)
        for item in answer.result["executions"]:
            item.update(qualifiers(self.stepfunction_backend.describe_execution(item["executionArn"])))
        return answer

    with ExitStack() as patches:
        patches.enter_context(replaced(StateMachine, "publish", _publishing(StateMachine.publish)))
        patches.enter_context(replaced(StepFunctionResponse, "describe_execution", describe_execution))
        patches.enter_context(replaced(StepFunctionResponse, "list_executions", list_executions))
        for name, method in (
            ("publish_state_machine_version", _publish_version),
            ("list_state_machine_versions", _list_versions),
            ("delete_state_machine_version", _delete_version),
        ):
            patches.enter_context(added(StepFunctionResponse, name, method))
        yield


def qualifiers(execution: Any) -> dict[str, str]:
    """Return the ARNs of the version and the alias that an execution was started by, as descriptions name them."""
    revision: Revision | None = getattr(execution, "revision", None)
    if revision is None:
        return {}
    named = {"stateMachineVersionArn": revision.version, "stateMachineAliasArn": revision.alias}
    return {name: arn for name, arn in named.items() if arn is not None}


def _publishing(upstream: Callable[..., None]) -> Callable[..., None]:
    def publish(self: Any, description: str | None) -> None:
        newest = self.latest_version
        if newest is None or (newest.definition, newest.roleArn) != (self.definition, self.roleArn):
            upstream(self, description)
            self.latest_version.revision_id = getattr(self, "revision_id", None)

    return publish


def _publish_version(self: Any) -> ActionResult:
    machine = revision_of(self.stepfunction_backend, self._get_param("stateMachineArn")).machine
    meant, revision = self._get_param("revisionId"), getattr(machine, "revision_id", None) or "INITIAL"
    if meant not in {None, revision}:
        raise ConflictException(
            f"Failed to publish the State Machine version for revision {meant}. "
            f"The current State Machine revision is {revision}."
        )
    machine.publish(self._get_param("description"))
    version = machine.latest_version
    return ActionResult({"creationDate": version.creation_date, "stateMachineVersionArn": version.arn})


def _list_versions(self: Any) -> ActionResult:
    machine = revision_of(self.stepfunction_backend, self._get_param("stateMachineArn")).machine
    versions = sorted(machine.versions.values(), key=lambda version: version.version, reverse=True)
    items = [{"stateMachineVersionArn": each.arn, "creationDate": each.creation_date} for each in versions]
    return page(self, "stateMachineVersions", items)


def _delete_version(self: Any) -> EmptyResult:
    arn = self._get_param("stateMachineVersionArn")
    machine_arn, qualifier = _split(arn)
    for machine in self.stepfunction_backend.state_machines:
        if machine.arn != machine_arn:
            continue
        for alias in machine.aliases.values():
            if any(route["stateMachineVersionArn"] == arn for route in alias.routing_configuration):
                raise ConflictException(
                    "Version to be deleted must not be referenced by an alias. "
                    f"Current list of aliases referencing this version: [{alias.name}]"
                )
        if qualifier is not None and qualifier.isdecimal():
            machine.versions.pop(int(qualifier), None)
    return EmptyResult()
