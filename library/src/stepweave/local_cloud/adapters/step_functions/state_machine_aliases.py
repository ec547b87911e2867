"""Aliases of state machines are checked as AWS checks them.

Upstream defects: an alias replaces one of the same name; routes may name what is no version, one version twice, or
versions that do not exist; the words of refusals are others; and a list cannot be paged by a wrong token.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any, Final

from moto.core.exceptions import AWSError
from moto.core.responses import ActionResult
from moto.stepfunctions.exceptions import StateMachineDoesNotExist, ValidationException
from moto.stepfunctions.models import StepFunctionBackend
from moto.stepfunctions.responses import StepFunctionResponse

from stepweave.local_cloud.adapters.patch import replaced
from stepweave.local_cloud.adapters.step_functions.pages import page
from stepweave.local_cloud.adapters.step_functions.state_machine_arns import ConflictException, revision_of

_ALL: Final = 100


class ResourceNotFound(AWSError):  # type: ignore[misc]  # noqa: N818 - AWS's name
    """There is no such alias."""

    TYPE = "ResourceNotFound"
    STATUS = 400


@contextmanager
def state_machine_aliases() -> Iterator[None]:
    """Check aliases."""
    create, describe = StepFunctionBackend.create_state_machine_alias, StepFunctionBackend.describe_state_machine_alias

    def create_alias(self: Any, name: str, routing_configuration: Any, description: str | None) -> Any:
        arns = [route["stateMachineVersionArn"] for route in routing_configuration]
        for arn in arns:
            if revision_of(self, arn).version is None:
                raise StateMachineDoesNotExist(f"State Machine Does Not Exist: '{arn}'")
        known = revision_of(self, arns[0]).machine.aliases.get(name)
        if known is None:
            return create(self, name, routing_configuration, description)
        if (known.routing_configuration, known.description) != (routing_configuration, description):
            raise ConflictException(
                "Failed to create alias because an alias with the same name and a different routing configuration "
                "already exists."
            )
        return known

    def describe_alias(self: Any, arn: str) -> Any:
        try:
            return describe(self, arn)
        except AWSError as error:
            if error.TYPE not in {"ResourceNotFound", "StateMachineDoesNotExist"}:
                raise
            raise ResourceNotFound("Request references a resource that does not exist.") from error

    with ExitStack() as patches:
        for owner, name, method in (
            (StepFunctionBackend, "create_state_machine_alias", create_alias),
            (StepFunctionBackend, "describe_state_machine_alias", describe_alias),
            (StepFunctionBackend, "delete_state_machine_alias", _delete_alias),
            (StepFunctionResponse, "list_state_machine_aliases", _list_aliases),
            (StepFunctionResponse, "_validate_routing_configuration", _check_routes),
        ):
            patches.enter_context(replaced(owner, name, method))
        yield


def _delete_alias(self: Any, arn: str) -> None:
    machine_arn, _, name = arn.rpartition(":")
    self._validate_machine_arn(machine_arn)
    for machine in self.state_machines:
        if machine.arn == machine_arn:
            machine.aliases.pop(name, None)


def _list_aliases(self: Any) -> ActionResult:
    arn = self._get_param("stateMachineArn")
    revision = revision_of(self.stepfunction_backend, arn)
    aliases = sorted(revision.machine.aliases.values(), key=lambda alias: alias.creation_date)
    items = [
        {"creationDate": alias.creation_date, "stateMachineAliasArn": alias.arn}
        for alias in aliases
        if arn == revision.machine.arn
        or any(route["stateMachineVersionArn"] == arn for route in alias.routing_configuration)
    ]
    return page(self, "stateMachineAliases", items)


def _check_routes(self: Any, routing_configuration: list[dict[str, Any]]) -> None:  # noqa: ARG001 - upstream's signature
    arns = [route["stateMachineVersionArn"] for route in routing_configuration]
    weights = [route["weight"] for route in routing_configuration]
    shown = f"Received: [{', '.join(arns)}]"
    if not all(arn.rpartition(":")[2].isdecimal() and arn.count(":") > 6 for arn in arns):
        raise ValidationException(f"Routing configuration must contain state machine version ARNs. {shown}")
    if len(set(arns)) < len(arns):
        raise ValidationException(f"Routing configuration must contain distinct state machine version ARNs. {shown}")
    if sum(weights) != _ALL:
        raise ValidationException(
            f"Sum of routing configuration weights must equal {_ALL}. Received: [{', '.join(map(str, weights))}]"
        )
    if len({arn.rpartition(":")[0] for arn in arns}) > 1:
        raise ValidationException("Both stateMachineVersionArn values must belong to the same state machine.")
