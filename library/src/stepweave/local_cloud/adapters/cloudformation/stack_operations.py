"""Creating and updating a stack either succeeds or is rolled back, with and without a change set.

Upstream defects: where a resource fails, the call fails and leaves a half-made stack in progress for ever, so that it
can be neither updated nor created again. A stack that is created by a change set, as ``cdk deploy`` does, can neither
import nor export values and has no outputs. An update does not touch what refers to a replaced resource, does not
refresh exports, and takes the value that was read from an SSM parameter for the name of one.
"""

# ruff: noqa: SLF001, PLR0913, PLR0917 - upstream's private steps and its signatures

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from moto.cloudformation import parsing
from moto.cloudformation.exceptions import AlreadyExistsException, ValidationError
from moto.cloudformation.models import CloudFormationBackend, Event, Stack
from moto.cloudformation.utils import generate_stack_id

from stepweave.local_cloud.adapters.cloudformation.complete_resources import ResourceFailedError
from stepweave.local_cloud.adapters.patch import replaced

_LOG = logging.getLogger(__name__)


@contextmanager
def stack_operations() -> Iterator[None]:
    """Mend how stacks are created and updated."""
    methods = {
        "create_stack": _create_stack,
        "update_stack": _update_stack,
        "execute_change_set": _execute_change_set,
        "delete_stack": _delete_stack(CloudFormationBackend.delete_stack),
    }
    with ExitStack() as patches:
        for name, method in methods.items():
            patches.enter_context(replaced(CloudFormationBackend, name, method))
        patches.enter_context(replaced(Stack, "stack_parameters", property(_given_parameters)))
        yield


def _given_parameters(self: Any) -> dict[str, Any]:
    """Return what the parameters were given, which is what an update means by their previous values."""
    defaults = {name: slot.get("Default") for name, slot in self.template_dict.get("Parameters", {}).items()}
    return {name: self.parameters.get(name, default) for name, default in defaults.items()}


def _create_stack(self: Any, name: str, template: str, parameters: dict[str, Any], **options: Any) -> Stack:
    if any(stack.name == name for stack in self.stacks.values()):
        raise AlreadyExistsException(f"Stack [{name}] already exists")
    stack = Stack(
        stack_id=generate_stack_id(name, self.region_name, self.account_id),
        name=name,
        template=template,
        parameters=parameters,
        account_id=self.account_id,
        region_name=self.region_name,
        cross_stack_resources=self.exports,
        **options,
    )
    self.stacks[stack.stack_id] = stack
    _create(self, stack)
    return stack


def _update_stack(
    self: Any,
    name: str,
    template: str,
    role_arn: str | None,
    parameters: list[dict[str, Any]],
    tags: dict[str, str] | None,
) -> Stack:
    stack = self.get_stack(name)
    resolved = self._resolve_update_parameters(instance=stack, incoming_params=parameters)
    _update(self, stack, template, resolved)
    stack.role_arn = role_arn
    stack.tags = stack.tags if tags is None else tags
    return stack


def _execute_change_set(self: Any, change_set_name: str, stack_name: str | None = None) -> None:
    change_set = self.describe_change_set(change_set_name)
    stack = self.stacks.get(change_set.stack_id)
    if stack is None:
        raise ValidationError(stack_name or change_set.stack_id)
    change_set.execution_status = "EXECUTE_IN_PROGRESS"
    if change_set.change_set_type == "CREATE":
        stack.template = change_set.template
        stack._parse_template()
        stack.parameters = change_set.parameters
        stack.cross_stack_resources = self.exports
        stack.resource_map = stack._create_resource_map()
        _create(self, stack)
    else:
        _update(self, stack, change_set.template, change_set.parameters)
    change_set.execution_status = "EXECUTE_COMPLETE" if stack.status.endswith("E_COMPLETE") else "EXECUTE_FAILED"


def _delete_stack(upstream: Any) -> Any:
    def delete_stack(self: Any, name_or_stack_id: str) -> None:
        stack = next(
            (known for known in self.stacks.values() if name_or_stack_id in {known.stack_id, known.name}), None
        )
        if stack is not None and stack.status in {"ROLLBACK_COMPLETE", "REVIEW_IN_PROGRESS"}:
            # it has no resources and exports nothing; upstream would create them in order to see what it exports
            del self.stacks[stack.stack_id]
            stack.status = "DELETE_COMPLETE"
            stack._add_stack_event("DELETE_COMPLETE")
            self.deleted_stacks[stack.stack_id] = stack
            return
        upstream(self, name_or_stack_id)

    return delete_stack


def _create(backend: Any, stack: Any) -> None:
    stack.status = "CREATE_IN_PROGRESS"
    stack._add_stack_event("CREATE_IN_PROGRESS", resource_status_reason="User Initiated")
    try:
        all_ready = stack.resource_map.create(stack.template_dict)
        stack.output_map = stack._create_output_map()
        _publish_exports(backend, stack)
    except Exception as error:  # noqa: BLE001 - whatever failed, the stack is rolled back and says why
        _fail(stack, "CREATE_FAILED", error)
        stack._add_stack_event("ROLLBACK_IN_PROGRESS", resource_status_reason=str(error))
        _remove_resources(stack)
        stack.status = "ROLLBACK_COMPLETE"
        stack._add_stack_event("ROLLBACK_COMPLETE")
        return
    stack.description = stack.template_dict.get("Description")
    if all_ready:
        stack.mark_creation_complete()


def _update(backend: Any, stack: Any, template: str, parameters: dict[str, Any]) -> None:
    template_before, parameters_before = stack.template, stack.parameters
    stack._add_stack_event("UPDATE_IN_PROGRESS", resource_status_reason="User Initiated")
    try:
        _apply(backend, stack, template, parameters)
    except Exception as error:  # noqa: BLE001 - whatever failed, the stack is rolled back and says why
        _fail(stack, "UPDATE_FAILED", error)
        stack._add_stack_event("UPDATE_ROLLBACK_IN_PROGRESS", resource_status_reason=str(error))
        try:
            _apply(backend, stack, template_before, parameters_before)
        except Exception as second_error:  # noqa: BLE001 - the stack's status says it
            _fail(stack, "UPDATE_FAILED", second_error)
            stack.status = "UPDATE_ROLLBACK_FAILED"
        else:
            stack.status = "UPDATE_ROLLBACK_COMPLETE"
        stack._add_stack_event(stack.status)
        return
    stack.status = "UPDATE_COMPLETE"
    stack._add_stack_event("UPDATE_COMPLETE")


def _apply(backend: Any, stack: Any, template: str, parameters: dict[str, Any]) -> None:
    before = _identities(stack)
    stack.template = template
    stack._parse_template()
    stack.resource_map.update(stack.template_dict, parameters)
    stack.parameters = parameters
    _update_references(stack, before)
    stack.output_map = stack._create_output_map()
    _publish_exports(backend, stack)


def _update_references(stack: Any, before: dict[str, str]) -> None:
    """Update what refers to resources that were replaced, and what refers to that in turn."""
    resources = stack.resource_map
    now = _identities(stack)
    changed = {name for name in now if name in before and before[name] != now[name]}
    settled = set(changed)
    while changed:
        referring = [
            name
            for name, template in stack.template_dict["Resources"].items()
            if name in now and name not in settled and changed.intersection(_references(template))
        ]
        for name in referring:
            resources._parsed_resources[name] = parsing.parse_and_update_resource(
                name, stack.template_dict["Resources"][name], resources, stack.account_id, stack.region_name
            )
        before, now = now, _identities(stack)
        changed = {name for name in referring if before[name] != now[name]}
        settled |= changed


def _references(template: Any) -> list[str]:
    names: list[str] = list(parsing.get_references_from_template(template))
    if isinstance(template, dict):
        for key, value in template.items():
            if key == "Fn::GetAtt":
                names.append(value[0] if isinstance(value, list) else str(value).partition(".")[0])
            else:
                names.extend(_references(value))
    elif isinstance(template, list):
        for item in template:
            names.extend(_references(item))
    return names


def _identities(stack: Any) -> dict[str, str]:
    parsed = stack.resource_map._parsed_resources
    names = [name for name in stack.resource_map.resources if parsed.get(name) is not None]
    return {name: str(getattr(parsed[name], "physical_resource_id", "")) for name in names}


def _publish_exports(backend: Any, stack: Any) -> None:
    exports = {export.name: export for export in stack.exports}
    for name in exports:
        owner = backend.exports.get(name)
        if owner is not None and owner.exporting_stack_id != stack.stack_id:
            raise ValidationError(message=f"Export {name} is already exported by stack {owner.exporting_stack_id}")
    for name in [name for name, export in backend.exports.items() if export.exporting_stack_id == stack.stack_id]:
        del backend.exports[name]
    backend.exports.update(exports)


def _fail(stack: Any, status: str, error: Exception) -> None:
    _LOG.info("stack %s: %s", stack.name, error)
    if not isinstance(error, ResourceFailedError):
        stack._add_stack_event(status, resource_status_reason=str(error))
        return
    stack.events.append(
        Event(
            stack_id=stack.stack_id,
            stack_name=stack.name,
            logical_resource_id=error.logical_id,
            physical_resource_id="",
            resource_type=error.resource_type,
            resource_status=status,
            resource_status_reason=error.reason,
            resource_properties=None,
        )
    )


def _remove_resources(stack: Any) -> None:
    parsed = stack.resource_map._parsed_resources
    for name in reversed([name for name in parsed if name in stack.template_dict["Resources"]]):
        resource = parsed.pop(name)
        if resource is None:
            continue
        try:
            stack.resource_map._delete_resource(resource, stack.template_dict["Resources"][name])
        except Exception:  # noqa: BLE001 - the rest must be removed all the same
            _LOG.exception("stack %s: %s could not be removed", stack.name, name)
    # Whoever asks for a resource or an output that does not exist makes moto create it.
    stack.template_dict = {}
    stack.resource_map = stack._create_resource_map()
    stack.output_map = stack._create_output_map()
