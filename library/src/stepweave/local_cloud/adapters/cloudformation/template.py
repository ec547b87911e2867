"""Templates of CloudFormation: their text, what refers to what in them, and in which order their resources go.

Upstream defects: a tag such as ``!Sub`` that stands before a mapping, or inside one, is not understood; a date stays no
string; and an order is only kept for ``DependsOn``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from typing import Any, Final

import yaml  # type: ignore[import-untyped]
from moto.cloudformation.exceptions import ValidationError

Template = dict[str, Any]

_TIMESTAMP: Final = "tag:yaml.org,2002:timestamp"
_REFERENCE: Final = re.compile(r"\$\{([^!}][^}]*)\}")
_SECTIONS: Final = frozenset(
    {
        "AWSTemplateFormatVersion",
        "Conditions",
        "Description",
        "Hooks",
        "Mappings",
        "Metadata",
        "Outputs",
        "Parameters",
        "Resources",
        "Rules",
        "Transform",
    }
)


class _Loader(yaml.SafeLoader):  # type: ignore[misc]
    """YAML as CloudFormation reads it: dates are strings, and tags are functions."""

    yaml_implicit_resolvers: Final = {
        first: [(tag, pattern) for tag, pattern in resolvers if tag != _TIMESTAMP]
        for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }


def _function(loader: Any, suffix: str, node: yaml.Node) -> Any:
    if isinstance(node, yaml.SequenceNode):
        value: Any = loader.construct_sequence(node, deep=True)
    elif isinstance(node, yaml.MappingNode):
        value = loader.construct_mapping(node, deep=True)
    else:
        value = loader.construct_scalar(node)
    if suffix == "GetAtt" and isinstance(value, str):
        value = value.split(".", 1)
    return {suffix if suffix in {"Ref", "Condition"} else f"Fn::{suffix}": value}


_Loader.add_multi_constructor("!", _function)


def parse_template(text: str | Template) -> Template:
    """Return the template that a text holds, JSON or YAML.

    Raises
    ------
    ValidationError
        If it is no template, or names a resource, parameter or condition that it does not have.
    """
    if isinstance(text, dict):
        return text
    try:
        template = json.loads(text) if text.lstrip().startswith("{") else yaml.load(text, Loader=_Loader)  # noqa: S506
    except (ValueError, yaml.YAMLError) as error:
        raise ValidationError(message=f"Template format error: {_kind(text)} not well-formed. ({error})") from error
    if not isinstance(template, dict):
        raise ValidationError(message="Template format error: unsupported structure.")
    unknown = [name for name in template if name not in _SECTIONS]
    if unknown:
        raise ValidationError(message=f"Invalid template property or properties [{', '.join(map(str, unknown))}]")
    if not template.get("Resources"):
        raise ValidationError(message="Template format error: At least one Resources member must be defined.")
    _check_references(template)
    return template


def references(node: Any) -> Iterator[str]:
    """Yield the names of the parameters and resources that a part of a template refers to."""
    if isinstance(node, dict):
        for key, value in node.items():
            if key == "Ref" and isinstance(value, str):
                yield value
            elif key == "Fn::GetAtt":
                yield str(value[0]) if isinstance(value, list) else str(value).partition(".")[0]
                yield from references(value)
            elif key == "Fn::Sub":
                own = set(value[1]) if isinstance(value, list) else set()
                text = value[0] if isinstance(value, list) else value
                for name in _REFERENCE.findall(text):
                    if name.strip() not in own:
                        yield name.strip().partition(".")[0]
                yield from references(value)
            else:
                yield from references(value)
    elif isinstance(node, list):
        for item in node:
            yield from references(item)


def dependencies(resource: Mapping[str, Any]) -> set[str]:
    """Return the names of what a resource waits for."""
    explicit = resource.get("DependsOn") or []
    return {*references(resource.get("Properties")), *([explicit] if isinstance(explicit, str) else explicit)}


def creation_order(template: Template) -> list[str]:
    """Return the names of the resources, each after those that it refers to or depends on.

    Raises
    ------
    ValidationError
        If there is no such order.
    """
    resources = template["Resources"]
    graph = {name: sorted(dependencies(resource) & resources.keys()) for name, resource in resources.items()}
    try:
        return list(TopologicalSorter(graph).static_order())
    except CycleError as error:
        circle = ", ".join(dict.fromkeys(error.args[1]))
        raise ValidationError(message=f"Circular dependency between resources: [{circle}]") from error


def _check_references(template: Template) -> None:
    resources, conditions = template["Resources"], template.get("Conditions") or {}
    known = {*resources, *(template.get("Parameters") or {})}
    for name, resource in resources.items():
        if not isinstance(resource, dict) or not isinstance(resource.get("Type"), str):
            raise ValidationError(
                message=f"Template format error: [/Resources/{name}] Every Resources object must contain a Type member."
            )
        missing = sorted(dependencies(resource) - known)
        missing = [each for each in missing if not each.startswith("AWS::")]
        if missing:
            raise ValidationError(
                message="Template format error: Unresolved resource dependencies "
                f"[{', '.join(missing)}] in the Resources block of the template"
            )
        condition = resource.get("Condition")
        if condition is not None and condition not in conditions:
            raise ValidationError(
                message=f"Template format error: Unresolved condition dependency {condition} in the Resources block "
                "of the template"
            )
    missing = sorted({name for name in references(template.get("Outputs")) if not name.startswith("AWS::")} - known)
    if missing:
        raise ValidationError(
            message="Template format error: Unresolved resource dependencies "
            f"[{', '.join(missing)}] in the Outputs block of the template"
        )
    creation_order(template)


def _kind(text: str) -> str:
    return "JSON" if text.lstrip().startswith("{") else "YAML"
