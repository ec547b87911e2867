"""Properties of a template as the parameters of a service's operation.

Templates and operations call the same things by the same names, but for upper and lower case, and write them
differently: a number as text, a document as an object, tags as a list or as a mapping. The service's model knows which.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from botocore.model import ListShape, MapShape, Shape, StructureShape

from stepweave.local_cloud.adapters.cloudformation.intrinsic_functions import as_text
from stepweave.local_cloud.adapters.cloudformation.resource_type import RefusedError

_TAG_MEMBERS: Final = frozenset({"key", "value", "tagkey", "tagvalue"})


def api_parameters(value: Any, shape: Shape, path: str = "") -> Any:
    """Return a property as an operation takes it.

    Parameters
    ----------
    value
        The property, or some of them by name.
    shape
        The parameter's shape.
    path
        What to call it where it is refused.

    Raises
    ------
    RefusedError
        If the operation knows nothing of the kind.
    """
    if is_function(value):
        return value  # while a template is checked
    if isinstance(shape, StructureShape) and not getattr(shape, "is_document_type", False):
        return _structure(value, shape, path)
    if isinstance(shape, ListShape):
        return _list(value, shape, path)
    if isinstance(shape, MapShape):
        if isinstance(value, list):
            value = {_pair(item)[0]: _pair(item)[1] for item in value if not is_function(item)}
        return {str(key): api_parameters(item, shape.value, f"{path}.{key}") for key, item in value.items()}
    return _scalar(value, shape)


def is_function(value: Any) -> bool:
    """Tell whether a part of a template is a function that is not worked out."""
    return isinstance(value, dict) and len(value) == 1 and str(next(iter(value))).startswith(("Ref", "Fn::"))


def _structure(value: Any, shape: StructureShape, path: str) -> Any:
    if not isinstance(value, Mapping):
        raise RefusedError(f"property {path} must be an object")
    members = {name.lower(): name for name in shape.members}
    found = {}
    for key, item in value.items():
        name = members.get(key.lower())
        inner = f"{path}.{key}".lstrip(".")
        if name is None:
            raise RefusedError(f"the local cloud does not know its property {inner}")
        found[name] = api_parameters(item, shape.members[name], inner)
    return found


def _list(value: Any, shape: ListShape, path: str) -> Any:
    member = shape.member
    if isinstance(value, Mapping) and isinstance(member, StructureShape):
        names = {name.lower(): name for name in member.members}
        if names.keys() <= _TAG_MEMBERS:
            key, text = sorted(names.values())
            return [{key: name, text: item} for name, item in value.items()]
    items: Iterable[Any] = value if isinstance(value, list) else [value]
    return [api_parameters(item, member, path) for item in items]


def _pair(tag: Mapping[str, Any]) -> tuple[str, Any]:
    return str(tag["Key"]), tag["Value"]


def _scalar(value: Any, shape: Shape) -> Any:
    match shape.type_name:
        case "string":
            return as_text(value)
        case "integer" | "long":
            return int(float(value))
        case "float" | "double":
            return float(value)
        case "boolean":
            return value if isinstance(value, bool) else str(value).lower() == "true"
        case "blob":
            return value.encode() if isinstance(value, str) else value
        case _:
            return value
