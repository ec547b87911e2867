"""A stack: what is in it, what it says of itself, and how it gets from one template to another.

Upstream defects: where a resource fails, the call fails and leaves a half-made stack in progress for ever; a stack
that a change set creates can neither import nor export and has no outputs; an update does not touch what refers to a
replaced resource, deletes before it creates, and cannot be undone; deletion policies are heeded in places.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from botocore.exceptions import ClientError
from moto.cloudformation import parsing
from moto.cloudformation.exceptions import ValidationError
from moto.cloudformation.models import Event, Stack
from moto.cloudformation.parsing import Export
from moto.core.utils import utcnow

from stepweave.local_cloud.adapters.cloudformation.admission import Refusal, refusals
from stepweave.local_cloud.adapters.cloudformation.api_shapes import is_function
from stepweave.local_cloud.adapters.cloudformation.custom_resources import (
    AttributeMissingError,
    CustomResourceError,
    CustomResourceType,
    Responses,
)
from stepweave.local_cloud.adapters.cloudformation.intrinsic_functions import (
    Unresolved,
    Values,
    as_text,
    resolve_dynamic,
)
from stepweave.local_cloud.adapters.cloudformation.parameters import Parameter, stack_parameters
from stepweave.local_cloud.adapters.cloudformation.resource_type import Request, Resource, ResourceType
from stepweave.local_cloud.adapters.cloudformation.resources.catalog import RESOURCE_TYPES
from stepweave.local_cloud.adapters.cloudformation.stand_ins import function_stand_in, resource_stand_in
from stepweave.local_cloud.adapters.cloudformation.template import Template, creation_order, parse_template

_LOG = logging.getLogger(__name__)
_CUSTOM: Final = "AWS::CloudFormation::CustomResource"
_SUFFIX_LENGTH: Final = 13
_RETAINED: Final = frozenset({"Retain", "RetainExceptOnCreate", "Snapshot"})


@dataclass(frozen=True)
class Record:
    """A resource of a stack.

    Attributes
    ----------
    kind
        Its type.
    resource
        What there is.
    template
        What the template says of it.
    """

    kind: ResourceType
    resource: Resource
    template: Mapping[str, Any]

    # What upstream's answers read:

    @property
    def physical_resource_id(self) -> str:
        """Its physical id."""
        return self.resource.physical_id

    @property
    def cf_resource_type(self) -> str:
        """The name of its type."""
        return str(self.template["Type"])

    @property
    def logical_resource_id(self) -> str:
        """Its name in the template."""
        return str(self.template["_name"])


@dataclass(frozen=True)
class Services:
    """What stacks use.

    Attributes
    ----------
    client
        Gives clients of services by region and name.
    responses
        Takes the answers of custom resources.
    """

    client: Callable[[str, str], Any]
    responses: Responses


@dataclass
class Plan:
    """What a stack is to be.

    Attributes
    ----------
    text, template
        The template.
    parameters
        Its parameters.
    values
        Works out its values from the resources that the stack has at the time.
    """

    text: str | Template
    template: Template
    parameters: dict[str, Parameter] = field(default_factory=dict)
    values: Values | None = None


class ResourceFailedError(Exception):
    """A resource could not be made, changed or removed."""

    def __init__(self, logical_id: str, type_name: str, reason: str) -> None:
        super().__init__(f"Resource {logical_id} ({type_name}): {reason}")
        self.logical_id = logical_id
        self.type_name = type_name
        self.reason = reason


class LocalStack(Stack):  # type: ignore[misc]
    """A stack.

    Parameters
    ----------
    backend
        Where the other stacks are.
    services
        What it uses.
    options
        As upstream's.
    """

    def __init__(self, backend: Any, services: Services, **options: Any) -> None:
        super().__init__(template={}, **options)
        self.backend = backend
        self.services = services
        self.records: dict[str, Record] = {}
        self.current_parameters: dict[str, Parameter] = {}
        self.stack_outputs: list[dict[str, Any]] = []
        self.imports: set[str] = set()
        self.is_tentative = False
        self.last_updated_time: Any = None

    # What upstream's answers read:

    @property
    def stack_name(self) -> str:
        """The name."""
        return str(self.name)

    @property
    def stack_status(self) -> str:
        """The status."""
        return str(self.status)

    @property
    def parameter_list(self) -> list[dict[str, str]]:
        """The parameters."""
        return [one.description(name) for name, one in self.current_parameters.items()]

    @property
    def stack_parameters(self) -> dict[str, Any]:
        """What the parameters were given, which is what an update means by their previous values."""
        return {name: one.given for name, one in self.current_parameters.items()}

    @property
    def stack_resources(self) -> list[Record]:
        """The resources."""
        return list(self.records.values())

    @property
    def outputs(self) -> list[dict[str, Any]] | None:
        """The outputs."""
        return self.stack_outputs or None

    @property
    def exports(self) -> list[Export]:
        """The outputs that other stacks may import."""
        return [
            Export(self.stack_id, one["ExportName"], one["OutputValue"])
            for one in self.stack_outputs
            if one["ExportName"]
        ]

    # What upstream's backend would call names and attributes:

    def ref(self, name: str) -> Any:
        """Return what ``Ref`` of a resource gives."""
        if name not in self.records:
            raise Unresolved(name)
        return self.records[name].resource.physical_id

    def attribute(self, name: str, attribute: str) -> Any:
        """Return what ``Fn::GetAtt`` of a resource gives."""
        if name not in self.records:
            raise Unresolved(name)
        record = self.records[name]
        try:
            return record.resource.attributes[attribute]
        except AttributeMissingError as error:
            raise ValidationError(message=str(error.args[0])) from error
        except KeyError as error:
            kind = record.cf_resource_type
            raise ValidationError(
                message=f"Template error: resource {name} does not support attribute type {attribute} in Fn::GetAtt"
                f" ({kind})"
            ) from error

    # Plans

    def plan(self, text: str | Template, given: Mapping[str, Any]) -> Plan:
        """Return what the stack would be by a template.

        Raises
        ------
        ValidationError
            In AWS's words, if that cannot be.
        """
        template = parse_template(text)
        parameters = stack_parameters(template.get("Parameters") or {}, given, self._read_parameter)
        constants = {
            "AWS::AccountId": self.account_id,
            "AWS::NotificationARNs": self.notification_arns,
            "AWS::Partition": "aws",
            "AWS::Region": self.region_name,
            "AWS::StackId": self.stack_id,
            "AWS::StackName": self.name,
            "AWS::URLSuffix": "amazonaws.com",
            **{name: one.value for name, one in parameters.items()},
        }
        return Plan(text, template, parameters, Values(template, constants, self, self._import))

    def type_of(self, name: str, template: Template) -> ResourceType | None:
        """Return the type of a resource."""
        resource = template["Resources"][name]
        kind, properties = resource["Type"], resource.get("Properties") or {}
        if kind.startswith("Custom::") or kind == _CUSTOM:
            return CustomResourceType(kind, self.services.responses, resource_stand_in(properties, template))
        if kind == "AWS::Lambda::Function" and function_stand_in(name, properties) is not None:
            never_called: ResourceType = _NEVER_CALLED
            return never_called
        return RESOURCE_TYPES.get(kind)

    def admits(self, plan: Plan, status: str) -> bool:
        """Tell whether the local cloud can make a plan; events say what it cannot."""
        found = self.refusals(plan)
        for refusal in found:
            self.note(refusal.logical_id, refusal.type_name, status, reason=refusal.reason)
        return not found

    def refusals(self, plan: Plan) -> list[Refusal]:
        """Return all that the local cloud cannot make of a plan."""
        return refusals(plan.template, _values(plan), self.type_of, self._nested_refusals)

    def _nested_refusals(self, name: str, properties: Mapping[str, Any]) -> Iterator[Refusal]:
        url = properties.get("TemplateURL")
        if not isinstance(url, str):
            return  # it is not known where its template will be
        stack = LocalStack(
            self.backend,
            self.services,
            stack_id=f"{self.stack_id}/{name}",
            name=f"{self.name}-{name}",
            parameters={},
            account_id=self.account_id,
            region_name=self.region_name,
        )
        stack.is_tentative = True
        given = properties.get("Parameters", {})
        parameters = {
            key: "unknown" if is_function(value) else ",".join(value) if isinstance(value, list) else as_text(value)
            for key, value in given.items()
        }
        template = parse_template(self.backend.fetch_template(url))
        free = {
            key: {"Type": "CommaDelimitedList" if "List" in slot.get("Type", "") else "String", **_default(slot)}
            for key, slot in (template.get("Parameters") or {}).items()
        }
        plan = stack.plan({**template, "Parameters": free}, parameters)
        for refusal in stack.refusals(plan):
            yield Refusal(f"{name}.{refusal.logical_id}", refusal.type_name, refusal.reason)

    # Operations

    def deploy_new(self, text: str | Template, given: Mapping[str, Any]) -> None:
        """Become what a template says, or nothing."""
        plan = self.plan(text, given)
        self.status = "CREATE_IN_PROGRESS"
        self._add_stack_event("CREATE_IN_PROGRESS", resource_status_reason="User Initiated")
        self._adopt(plan)
        try:
            if self.admits(plan, "CREATE_FAILED"):
                self._make(plan, [])
                self._finish("CREATE_COMPLETE")
                return
        except Exception as error:  # noqa: BLE001 - whatever failed, the stack is rolled back and says why
            self._fail("CREATE_FAILED", error)
        self._add_stack_event("ROLLBACK_IN_PROGRESS", resource_status_reason=self.reasons())
        self._remove(reversed(list(self.records)), on_rollback=True)
        self.stack_outputs = []
        self._finish("ROLLBACK_COMPLETE")

    def deploy_update(self, text: str | Template, given: Mapping[str, Any]) -> None:
        """Become what a template says, or stay what it was."""
        plan = self.plan(text, given)
        self.check_types(plan)
        before = Plan(self.template, self.template_dict, self.current_parameters)
        records, outputs, imports = dict(self.records), self.stack_outputs, self.imports
        self.status = "UPDATE_IN_PROGRESS"
        self._add_stack_event("UPDATE_IN_PROGRESS", resource_status_reason="User Initiated")
        undo: list[Callable[[], None]] = []
        try:
            if self.admits(plan, "UPDATE_FAILED"):
                self._adopt(plan)
                replaced = self._make(plan, undo)
                self._clean_up(plan, records, replaced)
                self.last_updated_time = utcnow()
                self._finish("UPDATE_COMPLETE")
                return
        except Exception as error:  # noqa: BLE001 - whatever failed, the stack is rolled back and says why
            self._fail("UPDATE_FAILED", error)
        self._add_stack_event("UPDATE_ROLLBACK_IN_PROGRESS", resource_status_reason=self.reasons())
        self._adopt(before)
        try:
            for step in reversed(undo):
                step()
        except Exception as error:  # noqa: BLE001 - the stack's status says it
            self._fail("UPDATE_FAILED", error)
            self._finish("UPDATE_ROLLBACK_FAILED")
            return
        self.records |= {name: record for name, record in records.items() if name not in self.records}
        self.stack_outputs, self.imports = outputs, imports
        self._publish()
        self._finish("UPDATE_ROLLBACK_COMPLETE")

    def delete(self) -> None:
        """Remove all that is not to be retained."""
        self.status = "DELETE_IN_PROGRESS"
        self._add_stack_event("DELETE_IN_PROGRESS", resource_status_reason="User Initiated")
        for export in self.exports:
            users = [stack.name for stack in self.backend.stacks.values() if export.name in stack.imports]
            if users:
                self.status = "DELETE_FAILED"
                reason = (
                    f"Delete canceled. Cannot delete export {export.name} as it is in use by {' and '.join(users)}."
                )
                self._add_stack_event("DELETE_FAILED", resource_status_reason=reason)
                return
        failed = self._remove(reversed(self._order()))
        if failed:
            self.status = "DELETE_FAILED"
            reason = f"The following resource(s) failed to delete: [{', '.join(failed)}]."
            self._add_stack_event("DELETE_FAILED", resource_status_reason=reason)
            return
        self.stack_outputs = []
        self._publish()
        self._finish("DELETE_COMPLETE")

    def reasons(self) -> str:
        """Say what failed in the last operation."""
        found: list[str] = []
        for event in reversed(self.events):
            if event.resource_status_reason == "User Initiated":
                break
            if event.resource_status.endswith("_FAILED") and event.resource_status_reason:
                found.append(f"{event.logical_resource_id} ({event.resource_type}): {event.resource_status_reason}")
        return "; ".join(dict.fromkeys(reversed(found)))

    def note(
        self, logical_id: str, type_name: str, status: str, physical_id: str = "", reason: str | None = None
    ) -> None:
        """Add an event of a resource."""
        self.events.append(
            Event(
                stack_id=self.stack_id,
                stack_name=self.name,
                logical_resource_id=logical_id,
                physical_resource_id=physical_id,
                resource_type=type_name,
                resource_status=status,
                resource_status_reason=reason,
                resource_properties=None,
            )
        )

    # Steps

    def properties(self, name: str, plan: Plan) -> dict[str, Any]:
        """Return the properties of a resource, with what the stack's tags add.

        Raises
        ------
        Unresolved
            If it refers to what does not exist yet.
        """
        found = _values(plan).value(plan.template["Resources"][name].get("Properties") or {})
        return dict(resolve_dynamic(found, lambda service: self.services.client(self.region_name, service)))

    def _adopt(self, plan: Plan) -> None:
        self.template, self.template_dict, self.current_parameters = plan.text, plan.template, plan.parameters
        self.parameters = self.stack_parameters
        self.description = plan.template.get("Description")

    def _make(self, plan: Plan, undo: list[Callable[[], None]]) -> list[tuple[str, Record]]:
        """Make and change what a plan says; return what was replaced."""
        values = _values(plan)
        self.imports = set()
        replaced: list[tuple[str, Record]] = []
        for name in creation_order(plan.template):
            if values.is_wanted(plan.template["Resources"][name]):
                old = self._step(name, plan, undo)
                if old is not None:
                    replaced.append((name, old))
        self.stack_outputs = self._outputs(plan)
        self._publish()
        return replaced

    def _step(self, name: str, plan: Plan, undo: list[Callable[[], None]]) -> Record | None:
        """Make or change one resource; return the one that it has replaced."""
        template = {**plan.template["Resources"][name], "_name": name}
        kind, type_name = self.type_of(name, plan.template), template["Type"]
        if kind is None:
            raise AssertionError("what a plan has was admitted")
        old = self.records.get(name)
        verb = "CREATE" if old is None else "UPDATE"
        try:
            properties = self.properties(name, plan)
            request = self._request(name, template, properties)
            if old is None:
                self.note(name, type_name, "CREATE_IN_PROGRESS")
                self.records[name] = Record(kind, kind.create(request), template)
                undo.append(lambda: self._take_back(name, type_name))
            elif properties == old.resource.properties:
                self.records[name] = Record(kind, old.resource, template)
                undo.append(lambda: self.records.__setitem__(name, old))
                return None
            else:
                return self._change(name, kind, request, old, undo)
        except CustomResourceError as error:
            if old is None and error.physical_id:
                self.records[name] = Record(kind, Resource(error.physical_id, {}, properties), template)
                undo.append(lambda: self._take_back(name, type_name))
            raise ResourceFailedError(name, type_name, str(error)) from error
        except Unresolved as error:
            raise ResourceFailedError(name, type_name, f"it refers to {error}, which does not exist") from error
        except Exception as error:
            raise ResourceFailedError(name, type_name, _reason(error)) from error
        self.note(name, type_name, f"{verb}_COMPLETE", self.records[name].resource.physical_id)
        return None

    def _change(
        self, name: str, kind: ResourceType, request: Request, old: Record, undo: list[Callable[[], None]]
    ) -> Record | None:
        template = {**self.template_dict["Resources"][name], "_name": name}
        self.note(name, request.type_name, "UPDATE_IN_PROGRESS", old.resource.physical_id)
        is_replaced = kind.is_replaced(old.resource.properties, request.properties)
        if is_replaced:
            _require_new_name(kind, request, old)
            new = kind.create(request)
        else:
            try:
                new = kind.update(request, old.resource)
            except Exception:
                undo.append(lambda: self._restore(name, old, old.resource))
                raise
            is_replaced = new.physical_id != old.resource.physical_id
        self.records[name] = Record(kind, new, template)

        def take_back() -> None:
            if is_replaced:
                self._take_back(name, request.type_name)
                self.records[name] = old
            else:
                self._restore(name, old, new)

        undo.append(take_back)
        self.note(name, request.type_name, "UPDATE_COMPLETE", new.physical_id)
        return old if is_replaced else None

    def _take_back(self, name: str, type_name: str) -> None:
        record = self.records.pop(name)
        record.kind.delete(self._request(name, record.template, record.resource.properties), record.resource)
        self.note(name, type_name, "DELETE_COMPLETE", record.resource.physical_id)

    def _restore(self, name: str, old: Record, now: Resource) -> None:
        request = self._request(name, old.template, old.resource.properties)
        self.records[name] = Record(old.kind, old.kind.update(request, now), old.template)
        self.note(name, request.type_name, "UPDATE_COMPLETE", old.resource.physical_id)

    def _clean_up(self, plan: Plan, before: Mapping[str, Record], replaced: list[tuple[str, Record]]) -> None:
        """Remove what the stack no longer has; what cannot be removed is left alone, as on AWS."""
        values, resources = _values(plan), plan.template["Resources"]
        for name, record in reversed(replaced):
            if record.template.get("UpdateReplacePolicy") not in _RETAINED:
                self._discard(name, record)
        gone = [name for name in before if name not in resources or not values.is_wanted(resources[name])]
        for name in reversed(gone):
            record = self.records.pop(name)
            if record.template.get("DeletionPolicy") not in _RETAINED:
                self._discard(name, record)

    def _discard(self, name: str, record: Record) -> None:
        kind, physical_id = str(record.template["Type"]), record.resource.physical_id
        try:
            record.kind.delete(self._request(name, record.template, record.resource.properties), record.resource)
        except Exception as error:  # noqa: BLE001 - the update is complete all the same
            self.note(name, kind, "DELETE_FAILED", physical_id, _reason(error))
        else:
            self.note(name, kind, "DELETE_COMPLETE", physical_id)

    def _remove(self, names: Any, *, on_rollback: bool = False) -> list[str]:
        """Remove resources; return the names of those that could not be."""
        failed: list[str] = []
        for name in list(names):
            record = self.records[name]
            policy, kind = record.template.get("DeletionPolicy"), str(record.template["Type"])
            physical_id = record.resource.physical_id
            if policy in _RETAINED and not (on_rollback and policy == "RetainExceptOnCreate"):
                if not on_rollback:
                    self.note(name, kind, "DELETE_SKIPPED", physical_id)
                del self.records[name]
                continue
            try:
                record.kind.delete(self._request(name, record.template, record.resource.properties), record.resource)
            except Exception as error:  # noqa: BLE001 - the rest is removed all the same
                _LOG.info("stack %s: %s could not be removed: %s", self.name, name, error)
                self.note(name, kind, "DELETE_FAILED", physical_id, _reason(error))
                failed.append(name)
            else:
                self.note(name, kind, "DELETE_COMPLETE", physical_id)
                del self.records[name]
        return failed

    def _order(self) -> list[str]:
        return [name for name in creation_order(self.template_dict) if name in self.records] if self.records else []

    def _request(self, name: str, template: Mapping[str, Any], properties: Mapping[str, Any]) -> Request:
        kind = str(template["Type"])
        return Request(
            logical_id=name,
            type_name=kind,
            properties=properties,
            stack_id=self.stack_id,
            stack_name=self.name,
            account=self.account_id,
            region=self.region_name,
            client=lambda service: self.services.client(self.region_name, service),
            make_name=lambda limit: self._name(kind, name, limit),
        )

    def _name(self, kind: str, logical_id: str, limit: int) -> str:
        made: str = parsing.generate_resource_name(kind, self.name, logical_id)
        if len(made) > limit:
            made = f"{made[: limit - _SUFFIX_LENGTH]}{made[-_SUFFIX_LENGTH:]}"
        return made

    def _outputs(self, plan: Plan) -> list[dict[str, Any]]:
        values = _values(plan)
        found = []
        for name, output in (plan.template.get("Outputs") or {}).items():
            if values.is_wanted(output):
                export = output.get("Export")
                value = values.value(output["Value"])
                if isinstance(value, dict | list):
                    raise ValidationError(
                        message="Template format error: The Value field of every Outputs member must evaluate to a "
                        f"String. ({name})"
                    )
                found.append(
                    {
                        "OutputKey": name,
                        "OutputValue": as_text(value),
                        "Description": output.get("Description"),
                        "ExportName": None if export is None else as_text(values.value(export["Name"])),
                    }
                )
        return found

    def _publish(self) -> None:
        """Let other stacks import what this one exports, and no longer what it has exported."""
        exports = {export.name: export for export in self.exports}
        known = self.backend.exports
        for name in exports:
            if name in known and known[name].exporting_stack_id != self.stack_id:
                owner = known[name].exporting_stack_id.split("/")[1]
                raise ValidationError(message=f"Export with name {name} is already exported by stack {owner}")
        own = {name: export for name, export in known.items() if export.exporting_stack_id == self.stack_id}
        for name, export in own.items():
            users = [
                stack.name
                for stack in self.backend.stacks.values()
                if stack is not self and name in getattr(stack, "imports", ())
            ]
            if users and (name not in exports or exports[name].value != export.value):
                verb = "updated" if name in exports else "deleted"
                raise ValidationError(message=f"Export {name} cannot be {verb} as it is in use by {_all(users)}")
        for name in own:
            del known[name]
        known.update(exports)

    def _import(self, name: str) -> str:
        if name not in self.backend.exports:
            if self.is_tentative:
                raise Unresolved(name)  # another nested stack may export it
            raise ValidationError(message=f"No export named {name} found.")
        self.imports.add(name)
        return str(self.backend.exports[name].value)

    def _read_parameter(self, name: str) -> str | None:
        client = self.services.client(self.region_name, "ssm")
        try:
            return str(client.get_parameter(Name=name)["Parameter"]["Value"])
        except client.exceptions.ParameterNotFound:
            return None

    def check_types(self, plan: Plan) -> None:
        """Raise `ValidationError` if a resource would become one of another type."""
        resources = plan.template["Resources"]
        changed = sorted(
            name
            for name, record in self.records.items()
            if name in resources and resources[name]["Type"] != record.template["Type"]
        )
        if changed:
            raise ValidationError(
                message="Update of resource type is not permitted. The new template modifies resource type of the "
                f"following resources: [{', '.join(changed)}]"
            )

    def _fail(self, status: str, error: Exception) -> None:
        _LOG.info("stack %s: %s", self.name, error)
        if isinstance(error, ResourceFailedError):
            self.note(error.logical_id, error.type_name, status, reason=error.reason)
        else:
            self._add_stack_event(status, resource_status_reason=_reason(error))

    def _finish(self, status: str) -> None:
        self.status = status
        self._add_stack_event(status)


def _default(slot: Mapping[str, Any]) -> dict[str, Any]:
    return {"Default": slot["Default"]} if "Default" in slot else {}


class _NeverCalled:
    """A function of the CDK that a stand-in does the work of: it may be of any runtime."""

    def __init__(self) -> None:
        self._functions = RESOURCE_TYPES["AWS::Lambda::Function"]

    def __getattr__(self, name: str) -> Any:
        return getattr(self._functions, name)

    def check(self, properties: Mapping[str, Any]) -> None:
        """Refuse nothing."""


_NEVER_CALLED: Final[Any] = _NeverCalled()


def _require_new_name(kind: ResourceType, request: Request, old: Record) -> None:
    named_by = getattr(kind, "named_by", None)
    if named_by is None:
        return
    given = request.properties.get(named_by)
    if given is not None and given == old.resource.properties.get(named_by):
        raise ValidationError(
            message="CloudFormation cannot update a stack when a custom-named resource requires replacing. "
            f"Rename {given} and update the stack again."
        )


def _values(plan: Plan) -> Values:
    if plan.values is None:
        raise AssertionError("a former plan is not worked out again")
    return plan.values


def _all(names: list[str]) -> str:
    return " and ".join(names)


def _reason(error: Exception) -> str:
    if isinstance(error, ClientError):
        return str(error)
    return getattr(error, "message", None) or str(error) or type(error).__name__
