"""Change sets: what an update would change, and whether it would replace it.

Upstream defects: the stack's name is ignored where a change set is named, so that from the second stack on the CDK
gets another stack's; a change has no details, so that ``cdk diff`` sees no difference; what parameters or replaced
resources change is no change; and one that only adds outputs is none.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from moto.cloudformation.exceptions import CloudFormationError, ValidationError
from moto.cloudformation.utils import generate_changeset_id, validate_create_change_set
from moto.core.utils import utcnow

from stepweave.local_cloud.adapters.cloudformation.admission import known_part
from stepweave.local_cloud.adapters.cloudformation.intrinsic_functions import Unresolved, Values
from stepweave.local_cloud.adapters.cloudformation.stack import LocalStack, Plan
from stepweave.local_cloud.adapters.cloudformation.template import creation_order, references

NO_CHANGES: Final = (
    "The submitted information didn't contain changes. Submit different information to create a change set."
)
_OTHER_PARTS: Final = ("Metadata", "DeletionPolicy", "UpdateReplacePolicy", "CreationPolicy", "UpdatePolicy")


class ChangeSetNotFound(CloudFormationError):  # type: ignore[misc]  # noqa: N818 - AWS's name
    """There is no such change set."""

    code = "ChangeSetNotFound"


@dataclass
class LocalChangeSet:
    """A change set; the fields have the names that upstream's answers read."""

    change_set_id: str
    change_set_name: str
    change_set_type: str
    stack: LocalStack
    plan: Plan
    description: str | None
    notification_arns: list[str]
    tags: list[dict[str, str]]
    changes: list[dict[str, Any]]
    status: str = "CREATE_COMPLETE"
    execution_status: str = "AVAILABLE"
    status_reason: str | None = None
    creation_time: datetime = field(default_factory=utcnow)

    @property
    def stack_id(self) -> str:
        """The stack's ARN."""
        return str(self.stack.stack_id)

    @property
    def stack_name(self) -> str:
        """The stack's name."""
        return str(self.stack.name)

    @property
    def parameters(self) -> dict[str, str]:
        """What the parameters were given."""
        return {name: one.given for name, one in self.plan.parameters.items()}


def new_change_set(stack: LocalStack, plan: Plan, kind: str, name: str, **options: Any) -> LocalChangeSet:
    """Return a change set of a stack.

    Parameters
    ----------
    stack
        The stack.
    plan
        What it shall be.
    kind
        ``CREATE`` or ``UPDATE``.
    name
        The change set's name.
    options
        Description, notification ARNs and tags.
    """
    validate_create_change_set(name)
    changes = planned_changes(stack, plan)
    change_set = LocalChangeSet(
        change_set_id=generate_changeset_id(name, stack.region_name, stack.account_id),
        change_set_name=name,
        change_set_type=kind,
        stack=stack,
        plan=plan,
        changes=changes,
        **options,
    )
    refused = stack.refusals(plan)
    if refused:
        _fail(change_set, "; ".join(map(str, refused)))
    elif kind == "UPDATE" and not changes and not changes_without_resources(stack, plan, change_set.tags):
        _fail(change_set, NO_CHANGES)
    return change_set


def planned_changes(stack: LocalStack, plan: Plan) -> list[dict[str, Any]]:
    """Return how the resources of a stack would change, in the order in which they would."""
    values, resources = plan.values, plan.template["Resources"]
    if values is None:
        raise AssertionError("a new plan has values")
    changes: list[dict[str, Any]] = []
    renewed: set[str] = set()
    for name in creation_order(plan.template):
        if not values.is_wanted(resources[name]):
            continue
        if name not in stack.records:
            changes.append(_change("Add", name, resources[name]["Type"], scope=[], details=[]))
            continue
        change = _modification(stack, plan, values, name, renewed)
        if change is not None:
            changes.append(change)
            if change["Replacement"] != "False":
                renewed.add(name)
    for name, record in stack.records.items():
        if name not in resources or not values.is_wanted(resources[name]):
            retained = str(record.template.get("DeletionPolicy", "Delete"))
            action = {} if retained == "Delete" else {"PolicyAction": "Retain"}
            removal = _change("Remove", name, record.cf_resource_type, scope=[], details=[])
            changes.append(
                {**removal, "PhysicalResourceId": record.physical_resource_id, **(action or {"PolicyAction": "Delete"})}
            )
    return changes


def changes_without_resources(stack: LocalStack, plan: Plan, tags: list[dict[str, str]] | None = None) -> bool:
    """Tell whether anything but resources changes: outputs, the tags of the stack."""
    given = {tag["Key"]: tag["Value"] for tag in tags or []}
    outputs, own = plan.template.get("Outputs") or {}, stack.template_dict.get("Outputs") or {}
    return outputs != own or bool(given and given != stack.tags)


def _modification(stack: LocalStack, plan: Plan, values: Values, name: str, renewed: set[str]) -> dict[str, Any] | None:
    record, template = stack.records[name], plan.template["Resources"][name]
    own = template.get("Properties") or {}
    after, before = known_part(own, values), dict(record.resource.properties)
    was = record.template.get("Properties") or {}
    touched = {key for key in own if renewed.intersection(references(own[key]))}
    changed = sorted(key for key in {*after, *before} if after.get(key) != before.get(key) or key in touched)
    parts = [part for part in _OTHER_PARTS if template.get(part) != record.template.get(part)]
    if not changed and not parts:
        return None
    kind = stack.type_of(name, plan.template)
    details: list[dict[str, Any]] = []
    for key in changed:
        causes = renewed.intersection(references(own.get(key)))
        single = {name: value for name, value in {**before, key: after.get(key)}.items() if value is not None}
        if causes:
            single[key] = {"Ref": "renewed"}
        is_dynamic = bool(causes) or _is_unresolved(own.get(key), values)
        is_replaced = kind is not None and kind.is_replaced(before, single)
        recreation = ("Conditionally" if is_dynamic else "Always") if is_replaced else "Never"
        target: dict[str, Any] = {"Attribute": "Properties", "Name": key, "RequiresRecreation": recreation}
        target |= {"Path": f"/Properties/{key}"}
        target |= {"BeforeValue": _shown(before[key])} if key in before else {}
        target |= {"AfterValue": _shown(after[key])} if key in after else {}
        source = {"ChangeSource": "DirectModification"}
        if own.get(key) == was.get(key):
            source = _source(own.get(key), causes, plan)
        details.append({"Target": target, "Evaluation": "Dynamic" if is_dynamic else "Static", **source})
    details += [
        {
            "Target": {"Attribute": part, "RequiresRecreation": "Never"},
            "Evaluation": "Static",
            "ChangeSource": "DirectModification",
        }
        for part in parts
    ]
    needs = {detail["Target"]["RequiresRecreation"] for detail in details}
    replacement = "True" if "Always" in needs else "Conditional" if "Conditionally" in needs else "False"
    scope = (["Properties"] if changed else []) + parts
    change = _change("Modify", name, str(template["Type"]), scope=scope, details=details)
    return {**change, "PhysicalResourceId": record.physical_resource_id, "Replacement": replacement}


def _source(node: Any, renewed: set[str], plan: Plan) -> dict[str, str]:
    """Say why a property changes that the template leaves as it was."""
    if renewed:
        return {"ChangeSource": "ResourceReference", "CausingEntity": min(renewed)}
    given = [name for name in references(node) if name in plan.parameters]
    return {"ChangeSource": "ParameterReference"} | ({"CausingEntity": given[0]} if given else {})


def _change(action: str, name: str, kind: str, *, scope: list[str], details: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "Action": action,
        "LogicalResourceId": name,
        "ResourceType": kind,
        "Scope": scope,
        "Details": details,
    }


def _is_unresolved(node: Any, values: Values) -> bool:
    try:
        values.value(node)
    except Unresolved:
        return True
    return False


def _shown(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _fail(change_set: LocalChangeSet, reason: str) -> None:
    change_set.status, change_set.execution_status, change_set.status_reason = "FAILED", "UNAVAILABLE", reason


def requested(change_sets: Mapping[str, LocalChangeSet], name: str, stack: str | None) -> LocalChangeSet:
    """Return the change set that a request names, by its ARN or by its name and stack.

    Raises
    ------
    ChangeSetNotFound
        If there is none.
    """
    if name in change_sets:
        return change_sets[name]
    if stack is None:
        raise ValidationError(message="StackName must be specified if ChangeSetName is not specified as an ARN.")
    # the latest, since a name may be used again
    for change_set in reversed(list(change_sets.values())):
        if change_set.change_set_name == name and stack in {change_set.stack_name, change_set.stack_id}:
            return change_set
    raise ChangeSetNotFound(f"ChangeSet [{name}] does not exist")
