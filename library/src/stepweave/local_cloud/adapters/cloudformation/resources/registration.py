"""Resource types that moto's CloudFormation lacks or gets wrong.

Upstream defect: moto collects resource types as the direct subclasses of ``CloudFormationModel`` and caches the list,
so a type can be neither added once the list was read, nor replaced, nor taken away again.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from moto.cloudformation import parsing
from moto.core.common_models import CloudFormationModel

from stepweave.local_cloud.adapters.patch import replaced


class LocalResource(CloudFormationModel):  # type: ignore[misc]
    """The base of resource types of our own.

    Standing between moto's base class and ours keeps ours out of moto's list until :func:`resource_types` adds them.
    """

    @staticmethod
    def cloudformation_type() -> str:
        return "Stepweave::LocalCloud::Resource"

    @staticmethod
    def cloudformation_name_type() -> str:
        return ""

    @classmethod
    def has_cfn_attr(cls, attr: str) -> bool:  # noqa: ARG003 - moto's signature
        return False

    @classmethod
    def update_from_cloudformation_json(
        cls,
        original_resource: Any,  # noqa: ARG003 - moto's signature
        new_resource_name: str,
        cloudformation_json: dict[str, Any],
        account_id: str,
        region_name: str,
    ) -> Any:
        """Apply the new properties by creating the resource anew, which suits types that only set something."""
        return cls.create_from_cloudformation_json(new_resource_name, cloudformation_json, account_id, region_name)


@contextmanager
def resource_types(*models: type[CloudFormationModel]) -> Iterator[None]:
    """Let CloudFormation know these resource types; one of the same name as moto's takes its place."""
    upstream = parsing.get_model_list
    names = {model.cloudformation_type() for model in models}

    def model_list() -> list[type[CloudFormationModel]]:
        kept = [model for model in upstream() if model.cloudformation_type() not in names]
        return [*kept, *models]

    with replaced(parsing, "get_model_list", model_list):
        _forget_cached_maps()
        try:
            yield
        finally:
            _forget_cached_maps()


def _forget_cached_maps() -> None:
    parsing.get_model_map.cache_clear()
    parsing.get_name_type_map.cache_clear()
