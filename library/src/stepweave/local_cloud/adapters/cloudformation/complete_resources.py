"""A stack without one of its resources is not complete.

Upstream defects: a resource of an unknown type is skipped with a warning; an update of a type that moto cannot update
leaves nothing in its place, although the old resource still exists; and resources whose condition is false are listed
as if they existed.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from moto.cloudformation import parsing
from moto.cloudformation.exceptions import ValidationError
from moto.cloudformation.models import Stack

from stepweave.local_cloud.adapters.patch import replaced


class ResourceFailedError(ValidationError):  # type: ignore[misc]
    """A resource could not be created or updated.

    Attributes
    ----------
    logical_id, resource_type
        Which one.
    reason
        Why.
    """

    def __init__(self, logical_id: str, resource_type: str, reason: str) -> None:
        super().__init__(message=f"Resource {logical_id} ({resource_type}): {reason}")
        self.logical_id = logical_id
        self.resource_type = resource_type
        self.reason = reason


@contextmanager
def complete_resources() -> Iterator[None]:
    """Fail where a resource is missing, and update by replacement what cannot be updated in place."""
    create = parsing.parse_and_create_resource
    update = parsing.parse_and_update_resource

    def is_wanted(resource: dict[str, Any], resources: Any) -> bool:
        condition = resource.get("Condition")
        return not condition or resources.lazy_condition_map[condition]

    def require_known(logical_id: str, resource: dict[str, Any]) -> None:
        kind = resource["Type"]
        if kind not in parsing.NULL_MODELS and parsing.resource_class_from_type(kind) is None:
            raise ResourceFailedError(logical_id, kind, "the local cloud does not know this type of resource")

    def parse_and_create_resource(
        logical_id: str, resource_json: dict[str, Any], resources_map: Any, account_id: str, region_name: str
    ) -> Any:
        if is_wanted(resource_json, resources_map):
            require_known(logical_id, resource_json)
        with _named(logical_id, resource_json["Type"]):
            return create(logical_id, resource_json, resources_map, account_id, region_name)

    def parse_and_update_resource(
        logical_id: str, resource_json: dict[str, Any], resources_map: Any, account_id: str, region_name: str
    ) -> Any:
        require_known(logical_id, resource_json)
        model = parsing.resource_class_from_type(resource_json["Type"])
        with _named(logical_id, resource_json["Type"]):
            if model is None or not hasattr(model.update_from_cloudformation_json, "__isabstractmethod__"):
                return update(logical_id, resource_json, resources_map, account_id, region_name)
            resources_map._delete_resource(resources_map[logical_id], resource_json)  # noqa: SLF001 - upstream's own step
            return create(logical_id, resource_json, resources_map, account_id, region_name)

    def stack_resources(self: Any) -> list[Any]:
        return [resource for resource in self.resource_map.values() if resource is not None]

    with (
        replaced(parsing, "parse_and_create_resource", parse_and_create_resource),
        replaced(parsing, "parse_and_update_resource", parse_and_update_resource),
        replaced(Stack, "stack_resources", property(stack_resources)),
    ):
        yield


@contextmanager
def _named(logical_id: str, kind: str) -> Iterator[None]:
    """Say of which resource an error is."""
    try:
        yield
    except ResourceFailedError:
        raise
    except Exception as error:
        reason = getattr(error, "message", None) or str(error) or type(error).__name__
        raise ResourceFailedError(logical_id, kind, reason) from error
