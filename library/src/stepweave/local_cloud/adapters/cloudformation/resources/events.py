"""Types of Amazon EventBridge, its Scheduler and its Pipes."""

from __future__ import annotations

from typing import Any, Final

from stepweave.local_cloud.adapters.cloudformation.api_resource import ApiType, input_shape, itself
from stepweave.local_cloud.adapters.cloudformation.api_shapes import api_parameters
from stepweave.local_cloud.adapters.cloudformation.resource_type import Properties, Request


def _put_targets(request: Request, rule: str, before: Properties) -> None:
    client, bus = request.client("events"), {"EventBusName": request.properties.get("EventBusName", "default")}
    targets, former = request.properties.get("Targets", []), before.get("Targets", [])
    gone = sorted({target["Id"] for target in former} - {target["Id"] for target in targets})
    if gone:
        client.remove_targets(Rule=rule, Ids=gone, **bus)
    if targets and targets != former:
        answer = client.put_targets(Rule=rule, Targets=_targets(targets), **bus)
        for failed in answer.get("FailedEntries", []):
            raise ValueError(f"target {failed['TargetId']}: {failed['ErrorMessage']}")


def _targets(targets: list[dict[str, Any]]) -> list[dict[str, Any]]:
    shape = input_shape("events", "put_targets").members["Targets"]
    converted: list[dict[str, Any]] = api_parameters(targets, shape, "Targets")
    return converted


def _clear_rule(request: Request, rule: str, before: Properties) -> None:
    client, bus = request.client("events"), {"EventBusName": before.get("EventBusName", "default")}
    ids = [target["Id"] for target in client.list_targets_by_rule(Rule=rule, **bus)["Targets"]]
    if ids:
        client.remove_targets(Rule=rule, Ids=ids, **bus)


def _clear_bus(request: Request, bus: str, _before: Properties) -> None:
    client = request.client("events")
    for rule in client.list_rules(EventBusName=bus)["Rules"]:
        _clear_rule(request, rule["Name"], {"EventBusName": bus})
        client.delete_rule(Name=rule["Name"], EventBusName=bus)


TYPES: Final[tuple[ApiType, ...]] = (
    ApiType(
        name="AWS::Events::Rule",
        service="events",
        create_operation="put_rule",
        delete_operation="delete_rule",
        update_too=True,
        identity="=Name",
        key="Name",
        keys={"EventBusName": "EventBusName"},
        named_by="Name",
        replaces=frozenset({"EventBusName"}),
        applied=frozenset({"Targets"}),
        read="describe_rule",
        attributes={"Arn": "Arn"},
        apply=_put_targets,
        before_delete=_clear_rule,
    ),
    ApiType(
        name="AWS::Events::Archive",
        service="events",
        create_operation="create_archive",
        update_operation="update_archive",
        delete_operation="delete_archive",
        identity="=ArchiveName",
        key="ArchiveName",
        named_by="ArchiveName",
        name_limit=48,
        renames={"SourceArn": "EventSourceArn"},
        replaces=frozenset({"SourceArn"}),
        attributes={"Arn": "arn:aws:events:{region}:{account}:archive/{id}", "ArchiveName": itself},
        defaults={"RetentionDays": 0, "Description": ""},
    ),
    ApiType(
        name="AWS::Events::Connection",
        service="events",
        create_operation="create_connection",
        update_operation="update_connection",
        delete_operation="delete_connection",
        identity="=Name",
        key="Name",
        named_by="Name",
        refuses=frozenset({"InvocationConnectivityParameters"}),
        read="describe_connection",
        attributes={"Arn": "ConnectionArn", "SecretArn": "SecretArn"},
    ),
    ApiType(
        name="AWS::Events::ApiDestination",
        service="events",
        create_operation="create_api_destination",
        update_operation="update_api_destination",
        delete_operation="delete_api_destination",
        identity="=Name",
        key="Name",
        named_by="Name",
        read="describe_api_destination",
        attributes={"Arn": "ApiDestinationArn"},
    ),
    ApiType(
        name="AWS::Pipes::Pipe",
        service="pipes",
        create_operation="create_pipe",
        update_operation="update_pipe",
        delete_operation="delete_pipe",
        identity="=Name",
        key="Name",
        named_by="Name",
        replaces=frozenset({"Source"}),
        read="describe_pipe",
        attributes={"Arn": "Arn", "CurrentState": "CurrentState"},
    ),
    ApiType(
        name="AWS::Scheduler::ScheduleGroup",
        service="scheduler",
        create_operation="create_schedule_group",
        delete_operation="delete_schedule_group",
        identity="=Name",
        key="Name",
        named_by="Name",
        read="get_schedule_group",
        attributes={"Arn": "Arn", "State": "State"},
    ),
    ApiType(
        name="AWS::Scheduler::Schedule",
        service="scheduler",
        create_operation="create_schedule",
        update_operation="update_schedule",
        delete_operation="delete_schedule",
        identity="=Name",
        key="Name",
        keys={"GroupName": "GroupName"},
        named_by="Name",
        replaces=frozenset({"GroupName"}),
        read="get_schedule",
        attributes={"Arn": "Arn"},
    ),
)
