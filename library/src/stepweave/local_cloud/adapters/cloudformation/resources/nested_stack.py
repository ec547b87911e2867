"""``AWS::CloudFormation::Stack`` and what else CloudFormation has of its own."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

from moto.cloudformation.models import cloudformation_backends

from stepweave.local_cloud.adapters.cloudformation.api_shapes import is_function
from stepweave.local_cloud.adapters.cloudformation.intrinsic_functions import as_text
from stepweave.local_cloud.adapters.cloudformation.resource_type import Properties, RefusedError, Request, Resource

_KNOWN: Final = frozenset({"NotificationARNs", "Parameters", "Tags", "TemplateURL", "TimeoutInMinutes"})


@dataclass(frozen=True)
class NestedStackType:
    """A stack that is a resource of another one."""

    name: str = field(default="AWS::CloudFormation::Stack", init=False)

    def check(self, properties: Properties) -> None:
        """Refuse properties that nothing here acts on."""
        unknown = sorted(properties.keys() - _KNOWN)
        if unknown:
            raise RefusedError(f"the local cloud does not know its property {unknown[0]}")

    def is_replaced(self, before: Properties, after: Properties) -> bool:  # noqa: ARG002 - never
        """Tell that it is updated in place."""
        return False

    def create(self, request: Request) -> Resource:
        """Create the stack."""
        backend = _backend(request)
        stack = backend.create_stack(
            request.make_name(128), _template(request), _parameters(request), tags=_tags(request)
        )
        if stack.status != "CREATE_COMPLETE":
            reasons = stack.reasons()
            backend.delete_stack(stack.stack_id)
            raise ValueError(f"Embedded stack {stack.stack_id} was not successfully created: {reasons}")
        return _resource(stack, request)

    def update(self, request: Request, current: Resource) -> Resource:
        """Update the stack, if there is anything to update."""
        stack = _backend(request).get_stack(current.physical_id)
        stack.deploy_update(_template(request), _parameters(request))
        if stack.status != "UPDATE_COMPLETE":
            raise ValueError(f"Embedded stack {stack.stack_id} was not successfully updated: {stack.reasons()}")
        return _resource(stack, request)

    def delete(self, request: Request, current: Resource) -> None:
        """Delete the stack."""
        _backend(request).delete_stack(current.physical_id)


@dataclass(frozen=True)
class WaitConditionHandleType:
    """A handle: a URL, which templates also use as a resource that is none."""

    name: str = field(default="AWS::CloudFormation::WaitConditionHandle", init=False)

    def check(self, properties: Properties) -> None:
        """Refuse nothing."""

    def is_replaced(self, before: Properties, after: Properties) -> bool:
        """Tell that it never changes."""
        return before != after

    def create(self, request: Request) -> Resource:
        """Make one."""
        return Resource(
            f"https://cloudformation-waitcondition-{request.region}.s3.amazonaws.com/{request.make_name(128)}"
        )

    def update(self, request: Request, current: Resource) -> Resource:
        """Change nothing."""
        return Resource(current.physical_id, {}, request.properties)

    def delete(self, request: Request, current: Resource) -> None:
        """There is nothing to remove."""


def _backend(request: Request) -> Any:
    return cloudformation_backends[request.account][request.region]


def _template(request: Request) -> str:
    return _backend(request).fetch_template(request.properties["TemplateURL"])  # type: ignore[no-any-return]


def _parameters(request: Request) -> dict[str, str]:
    given = request.properties.get("Parameters", {})
    return {
        name: ",".join(map(as_text, value)) if isinstance(value, list) else as_text(value)
        for name, value in given.items()
        if not is_function(value)
    }


def _tags(request: Request) -> dict[str, str]:
    return {tag["Key"]: tag["Value"] for tag in request.properties.get("Tags", [])}


def _resource(stack: Any, request: Request) -> Resource:
    outputs = {f"Outputs.{one['OutputKey']}": one["OutputValue"] for one in stack.outputs or []}
    return Resource(stack.stack_id, outputs, request.properties)
