"""What the local cloud refuses of a template, all of it, before anything is made."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from moto.cloudformation.exceptions import ValidationError

from stepweave.local_cloud.adapters.cloudformation.api_resource import ApiType
from stepweave.local_cloud.adapters.cloudformation.intrinsic_functions import Unresolved, Values
from stepweave.local_cloud.adapters.cloudformation.resource_type import RefusedError, ResourceType
from stepweave.local_cloud.adapters.cloudformation.template import Template

_TRANSFORMS: Final = frozenset({"AWS::LanguageExtensions"})
_NESTED: Final = "AWS::CloudFormation::Stack"


@dataclass(frozen=True)
class Refusal:
    """What cannot be had.

    Attributes
    ----------
    logical_id, type_name
        Which resource.
    reason
        Why.
    """

    logical_id: str
    type_name: str
    reason: str

    def __str__(self) -> str:
        return f"{self.logical_id} ({self.type_name}): {self.reason}"


def refusals(
    template: Template,
    values: Values,
    type_of: Callable[[str, Template], ResourceType | None],
    nested: Callable[[str, Mapping[str, Any]], Iterable[Refusal]],
) -> list[Refusal]:
    """Return all that the local cloud cannot make of a template.

    Parameters
    ----------
    template
        The template.
    values
        Works out what is known before anything is made.
    type_of
        Gives the type of a resource, None if the local cloud does not have it.
    nested
        Gives what cannot be made of a nested stack, by its name and what is known of its properties.
    """
    return [
        *_transforms(template),
        *_resources(template, values, type_of, nested),
        *_attributes(template, values, type_of),
    ]


def known_part(node: Any, values: Values) -> Any:
    """Return a part of a template with those functions worked out that can be."""
    try:
        return values.value(node)
    except Unresolved:
        pass
    if isinstance(node, list):
        return [known_part(item, values) for item in node]
    if len(node) == 1:
        ((name, argument),) = node.items()
        if name == "Fn::If":
            return known_part(argument[1 if values.condition(argument[0]) else 2], values)
        if name in {"Ref", "Fn::GetAtt", "Fn::Sub"} or name.startswith("Fn::"):
            return node
    return {key: known_part(item, values) for key, item in node.items() if not _is_no_value(item)}


def _is_no_value(node: Any) -> bool:
    return isinstance(node, dict) and node.get("Ref") == "AWS::NoValue"


def _transforms(template: Template) -> Iterator[Refusal]:
    given = template.get("Transform") or []
    for name in given if isinstance(given, list) else [given]:
        if name not in _TRANSFORMS:
            yield Refusal("Transform", str(name), "the local cloud has no macros")


def _resources(
    template: Template,
    values: Values,
    type_of: Callable[[str, Template], ResourceType | None],
    nested: Callable[[str, Mapping[str, Any]], Iterable[Refusal]],
) -> Iterator[Refusal]:
    for name, resource in template["Resources"].items():
        if not values.is_wanted(resource):
            continue
        kind = resource["Type"]
        model = type_of(name, template)
        if model is None:
            yield Refusal(name, kind, "the local cloud does not have this type of resource")
            continue
        try:
            properties = known_part(resource.get("Properties") or {}, values)
            model.check(properties)
        except (RefusedError, ValidationError) as refused:
            yield Refusal(name, kind, getattr(refused, "message", None) or str(refused))
            continue
        if kind == _NESTED:
            yield from nested(name, properties)


def _attributes(
    template: Template, values: Values, type_of: Callable[[str, Template], ResourceType | None]
) -> Iterator[Refusal]:
    wanted = {name for name, resource in template["Resources"].items() if values.is_wanted(resource)}
    parts = [template["Resources"][name].get("Properties") for name in wanted]
    parts += [part for part in (template.get("Outputs") or {}).values() if values.is_wanted(part)]
    for name, attribute in dict.fromkeys(item for part in parts for item in _read(part)):
        if name not in wanted:
            continue
        model = type_of(name, template)
        if isinstance(model, ApiType) and attribute not in model.attributes:
            kind = template["Resources"][name]["Type"]
            yield Refusal(name, kind, f"the local cloud does not have its attribute {attribute}")


def _read(node: Any) -> Iterator[tuple[str, str]]:
    """Yield which attributes of which resources a part of a template reads."""
    if isinstance(node, dict):
        for key, value in node.items():
            if key == "Fn::GetAtt":
                name, attribute = value if isinstance(value, list) else value.split(".", 1)
                if isinstance(attribute, str):
                    yield name, attribute
            else:
                yield from _read(value)
    elif isinstance(node, list):
        for item in node:
            yield from _read(item)
