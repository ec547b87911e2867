"""An update of a stack publishes the function as it is after the update, and keeps what it must retain.

Upstream defects: resources that an update adds are made before others are updated, so that a new version of a function
holds its former code and configuration; and what an update takes out of a stack is deleted whatever its policy says.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from moto.cloudformation.parsing import ResourceMap

from stepweave.local_cloud.adapters.patch import replaced

_VERSION: Final = "AWS::Lambda::Version"
_RETAINED: Final = frozenset({"Retain", "RetainExceptOnCreate"})

Resources = dict[str, Any]


@contextmanager
def version_updates() -> Iterator[None]:
    """Update functions before their versions are published, and leave what is to be retained."""
    upstream = ResourceMap.update

    def update(self: Any, template: dict[str, Any], parameters: dict[str, Any] | None = None) -> None:
        before: Resources = self._resource_json_map
        after: Resources = template["Resources"]
        published = {name for name, resource in after.items() if resource["Type"] == _VERSION and name not in before}
        if published:
            upstream(self, {**template, "Resources": _without(before, after, published)}, parameters)
        for name, resource in list(self._resource_json_map.items()):
            if name not in after and resource.get("DeletionPolicy") in _RETAINED:
                del self._resource_json_map[name]
                self._parsed_resources.pop(name, None)
        upstream(self, template, parameters)

    with replaced(ResourceMap, "update", update):
        yield


def _without(before: Resources, after: Resources, published: set[str]) -> Resources:
    """Return what there is before anything is published: all but the versions, and what refers to them as it was."""
    interim = dict(before)
    for name, resource in after.items():
        text = json.dumps(resource)
        if name not in published and not any(f'"{version}"' in text for version in published):
            interim[name] = resource
    return interim
