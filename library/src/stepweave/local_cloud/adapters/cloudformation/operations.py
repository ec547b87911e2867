"""The operations of CloudFormation on stacks and change sets, by :mod:`.stack` instead of upstream's own.

Upstream defects: see there, and in `stepweave.local_cloud.adapters.cloudformation.change_sets`.
"""

# ruff: noqa: SLF001 - upstream's own way to read parameters

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any, Final
from urllib.parse import unquote, urlsplit

from moto.cloudformation.exceptions import AlreadyExistsException, ValidationError
from moto.cloudformation.models import CloudFormationBackend
from moto.cloudformation.responses import CloudFormationResponse
from moto.cloudformation.utils import generate_stack_id
from moto.core.responses import ActionResult, EmptyResult

from stepweave.local_cloud.adapters.cloudformation.change_sets import (
    ChangeSetNotFound,
    changes_without_resources,
    new_change_set,
    planned_changes,
    requested,
)
from stepweave.local_cloud.adapters.cloudformation.stack import LocalStack, Services
from stepweave.local_cloud.adapters.cloudformation.template import Template, parse_template
from stepweave.local_cloud.adapters.patch import added, replaced

_ANSWER_SECONDS: Final = 20.0
_REVIEW: Final = "REVIEW_IN_PROGRESS"


@contextmanager
def stack_operations(services: Services) -> Iterator[None]:
    """Have stacks made, changed and removed as on AWS.

    Parameters
    ----------
    services
        What stacks use.
    """
    backend = _Backend(services)
    with ExitStack() as patches:
        patches.enter_context(services.responses.installed())
        for name in ("create_stack", "delete_stack"):
            patches.enter_context(replaced(CloudFormationBackend, name, getattr(backend, name)()))
        patches.enter_context(added(CloudFormationBackend, "fetch_template", backend.fetch_template()))
        for name in (
            "create_change_set",
            "delete_change_set",
            "describe_change_set",
            "execute_change_set",
            "get_template",
            "get_template_summary",
            "list_change_sets",
            "list_stack_resources",
            "update_stack",
            "validate_template",
        ):
            patches.enter_context(replaced(CloudFormationResponse, name, _answer(backend, name)))
        yield


def _answer(backend: _Backend, name: str) -> Callable[[Any], Any]:
    method: Callable[[Any], Any] = getattr(backend, name)
    return lambda response: method(response)  # noqa: PLW0108 - a bound method would not become the response's


class _Backend:
    """The operations; ``response`` and ``owner`` are upstream's."""

    def __init__(self, services: Services) -> None:
        self._services = services

    # Called by upstream, and by nested stacks

    def create_stack(self) -> Callable[..., LocalStack]:
        """Return what creates a stack."""

        def create_stack(
            owner: Any, name: str, template: str, parameters: dict[str, Any], **options: Any
        ) -> LocalStack:
            stack = self._new_stack(owner, name, parameters, **options)
            stack.plan(template, parameters)  # what is wrong with it is said before there is anything
            owner.stacks[stack.stack_id] = stack
            _await(lambda: stack.deploy_new(template, parameters))
            return stack

        return create_stack

    def delete_stack(self) -> Callable[[Any, str], None]:
        """Return what deletes a stack."""

        def delete_stack(owner: Any, name_or_stack_id: str) -> None:
            stack = next(
                (known for known in owner.stacks.values() if name_or_stack_id in {known.stack_id, known.name}), None
            )
            if stack is None:
                return

            def delete() -> None:
                stack.delete()
                if stack.status == "DELETE_COMPLETE":
                    owner.stacks.pop(stack.stack_id, None)
                    owner.deleted_stacks[stack.stack_id] = stack

            _await(delete)

        return delete_stack

    def fetch_template(self) -> Callable[[Any, str], str]:
        """Return what reads the template at a URL."""

        def fetch_template(owner: Any, url: str) -> str:
            place = urlsplit(url)
            host, path = place.netloc, unquote(place.path).lstrip("/")
            if host.startswith(("s3.", "s3-", "localhost", "127.")):
                bucket, _, key = path.partition("/")
            else:
                bucket, key = host.partition(".s3")[0], path
            client = self._services.client(owner.region_name, "s3")
            try:
                return str(client.get_object(Bucket=bucket, Key=key)["Body"].read().decode())
            except client.exceptions.ClientError as error:
                raise ValidationError(message=f"S3 error: {error} ({url})") from error

        return fetch_template

    # Requests

    def update_stack(self, response: Any) -> ActionResult:
        stack = _stack(response)
        text, given = _text(response, stack), _given(response, stack)
        tags = {item["Key"]: item["Value"] for item in response._get_param("Tags", [])}
        if not stack.status.endswith("_COMPLETE") or stack.status == "ROLLBACK_COMPLETE":
            raise ValidationError(message=f"Stack:{stack.stack_id} is in {stack.status} state and can not be updated.")
        plan = stack.plan(text, given)
        stack.check_types(plan)
        changed = changes_without_resources(stack, plan, [{"Key": key, "Value": value} for key, value in tags.items()])
        if not changed and not planned_changes(stack, plan):
            raise ValidationError(message="No updates are to be performed.")
        _await(lambda: stack.deploy_update(text, given))
        stack.tags = tags or stack.tags
        stack.role_arn = response._get_param("RoleARN") or stack.role_arn
        return ActionResult({"StackId": stack.stack_id})

    def create_change_set(self, response: Any) -> ActionResult:
        owner = response.cloudformation_backend
        name, kind = response._get_param("StackName"), response._get_param("ChangeSetType", "UPDATE")
        stack = next((known for known in owner.stacks.values() if name in {known.name, known.stack_id}), None)
        if kind == "CREATE":
            if stack is not None and stack.status != _REVIEW:
                raise AlreadyExistsException(
                    f"Stack [{name}] already exists and cannot be created again with the changeSet "
                    f"[{response._get_param('ChangeSetName')}]."
                )
        elif stack is None:
            raise ValidationError(message=f"Stack [{name}] does not exist")
        is_new = stack is None
        if stack is None:
            stack = self._new_stack(owner, name, {})
        text, given = _text(response, stack), _given(response, stack)
        plan = stack.plan(text, given)
        stack.check_types(plan)
        change_set = new_change_set(
            stack,
            plan,
            kind,
            response._get_param("ChangeSetName"),
            description=response._get_param("Description"),
            notification_arns=response._get_param("NotificationARNs", []),
            tags=response._get_param("Tags", []),
        )
        if is_new:
            owner.stacks[stack.stack_id] = stack
            stack.status = _REVIEW
            stack._add_stack_event(_REVIEW, resource_status_reason="User Initiated")
        owner.change_sets[change_set.change_set_id] = change_set
        return ActionResult({"Id": change_set.change_set_id, "StackId": stack.stack_id})

    def describe_change_set(self, response: Any) -> ActionResult:
        return ActionResult(_requested(response))

    def delete_change_set(self, response: Any) -> EmptyResult:
        try:
            change_set = _requested(response)
        except ChangeSetNotFound:
            return EmptyResult()  # on AWS, too, deleting twice is no error
        del response.cloudformation_backend.change_sets[change_set.change_set_id]
        return EmptyResult()

    def list_change_sets(self, response: Any) -> ActionResult:
        stack, change_sets = response._get_param("StackName"), response.cloudformation_backend.change_sets.values()
        found = [known for known in change_sets if stack in {known.stack_name, known.stack_id}]
        return ActionResult({"Summaries": found})

    def execute_change_set(self, response: Any) -> EmptyResult:
        change_set = _requested(response)
        if change_set.execution_status != "AVAILABLE":
            raise ValidationError(
                message=f"ChangeSet [{change_set.change_set_id}] cannot be executed in its current status of "
                f"[{change_set.status}]"
            )
        stack, plan = change_set.stack, change_set.plan
        change_set.execution_status = "EXECUTE_IN_PROGRESS"
        operation = stack.deploy_new if change_set.change_set_type == "CREATE" else stack.deploy_update
        if change_set.tags:
            stack.tags = {tag["Key"]: tag["Value"] for tag in change_set.tags}

        def execute() -> None:
            operation(plan.text, change_set.parameters)
            succeeded = stack.status in {"CREATE_COMPLETE", "UPDATE_COMPLETE"}
            change_set.execution_status = "EXECUTE_COMPLETE" if succeeded else "EXECUTE_FAILED"

        _await(execute)
        return EmptyResult()

    def get_template(self, response: Any) -> ActionResult:
        if response._get_param("ChangeSetName"):
            return ActionResult({"TemplateBody": _requested(response).plan.text})
        return ActionResult({"TemplateBody": _stack(response).template, "StagesAvailable": ["Original", "Processed"]})

    def get_template_summary(self, response: Any) -> ActionResult:
        stack = _stack(response) if response._get_param("StackName") else None
        if stack is not None and stack.status == _REVIEW:
            raise ValidationError(message="GetTemplateSummary cannot be called on REVIEW_IN_PROGRESS stacks.")
        template = parse_template(stack.template if stack is not None else _text(response, None))
        return ActionResult({**_described(template), "Metadata": None})

    def validate_template(self, response: Any) -> ActionResult:
        return ActionResult(_described(parse_template(_text(response, None))))

    def list_stack_resources(self, response: Any) -> ActionResult:
        stack = _stack(response)
        changed = stack.last_updated_time or stack.creation_time
        summaries = [
            {
                "LogicalResourceId": name,
                "PhysicalResourceId": record.physical_resource_id,
                "ResourceType": record.cf_resource_type,
                "ResourceStatus": _status(stack, name),
                "LastUpdatedTimestamp": changed,
            }
            for name, record in stack.records.items()
        ]
        return ActionResult({"StackResourceSummaries": summaries})

    def _new_stack(self, owner: Any, name: str, parameters: dict[str, Any], **options: Any) -> LocalStack:
        if any(stack.name == name for stack in owner.stacks.values()):
            raise AlreadyExistsException(f"Stack [{name}] already exists")
        return LocalStack(
            owner,
            self._services,
            stack_id=generate_stack_id(name, owner.region_name, owner.account_id),
            name=name,
            parameters=parameters,
            account_id=owner.account_id,
            region_name=owner.region_name,
            **options,
        )


def _await(work: Callable[[], None]) -> None:
    """Have an operation done, and return when it is, or when it takes so long that its caller must look again."""
    failures: list[Exception] = []

    def attempt() -> None:
        try:
            work()
        except Exception as error:  # noqa: BLE001 - it is the caller's
            failures.append(error)

    thread = threading.Thread(target=attempt, daemon=True)
    thread.start()
    thread.join(_ANSWER_SECONDS)
    if failures:
        raise failures[0]


def _stack(response: Any) -> LocalStack:
    stack: LocalStack = response.cloudformation_backend.get_stack(response._get_param("StackName"))
    return stack


def _requested(response: Any) -> Any:
    change_sets = response.cloudformation_backend.change_sets
    return requested(change_sets, response._get_param("ChangeSetName"), response._get_param("StackName"))


def _text(response: Any, stack: LocalStack | None) -> str | Template:
    body, url = response._get_param("TemplateBody"), response._get_param("TemplateURL")
    previous = str(response._get_param("UsePreviousTemplate", "")).lower() == "true"
    if sum(map(bool, (body, url, previous))) != 1:
        raise ValidationError(message="Either Template URL or Template Body must be specified.")
    if previous and stack is not None:
        return stack.template
    return str(body or response.cloudformation_backend.fetch_template(url))


def _given(response: Any, stack: LocalStack) -> dict[str, str]:
    given: dict[str, str] = {}
    for parameter in response._get_param("Parameters", []):
        name = parameter["ParameterKey"]
        if str(parameter.get("UsePreviousValue", "")).lower() == "true":
            if parameter.get("ParameterValue"):
                raise ValidationError(
                    message=f"Invalid input for parameter key {name}. Cannot specify usePreviousValue as true and non "
                    "empty value for a parameter"
                )
            if name not in stack.current_parameters:
                raise ValidationError(
                    message=f"Invalid input for parameter key {name}. Cannot specify usePreviousValue as true for a "
                    "parameter key not in the previous template"
                )
            given[name] = stack.current_parameters[name].given
        else:
            given[name] = parameter.get("ParameterValue", "")
    return given


def _status(stack: LocalStack, name: str) -> str:
    for event in reversed(stack.events):
        if event.logical_resource_id == name:
            return str(event.resource_status)
    return "CREATE_COMPLETE"


def _described(template: dict[str, Any]) -> dict[str, Any]:
    kinds = [resource["Type"] for resource in template["Resources"].values()]
    named = any(
        name in (resource.get("Properties") or {})
        for resource in template["Resources"].values()
        for name in ("RoleName", "UserName", "GroupName", "ManagedPolicyName")
        if resource["Type"].startswith("AWS::IAM::")
    )
    capabilities = (
        ["CAPABILITY_NAMED_IAM" if named else "CAPABILITY_IAM"] if any("::IAM::" in kind for kind in kinds) else []
    )
    return {
        "Capabilities": capabilities,
        "Description": template.get("Description"),
        "Parameters": [
            {
                "ParameterKey": name,
                "DefaultValue": slot.get("Default"),
                "ParameterType": slot.get("Type", "String"),
                "NoEcho": str(slot.get("NoEcho", False)).lower() == "true",
                "Description": slot.get("Description"),
                "ParameterConstraints": {"AllowedValues": slot["AllowedValues"]} if "AllowedValues" in slot else {},
            }
            for name, slot in (template.get("Parameters") or {}).items()
        ],
        "ResourceTypes": list(dict.fromkeys(kinds)),
        "Version": template.get("AWSTemplateFormatVersion"),
        "DeclaredTransforms": [],
    }
