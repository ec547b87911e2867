"""Intrinsic functions, conditions and dynamic references of a template.

Upstream defects: many functions are unknown (``Fn::Cidr``, ``Fn::Length``), others are right for some arguments only
(a function inside ``Fn::Select``'s index, ``Fn::Sub`` with a literal, ``Fn::GetAtt`` of a name with a dot, the default
of ``Fn::FindInMap``), ``AWS::NoValue`` in a list stays, and dynamic references are text.
"""

from __future__ import annotations

import base64
import ipaddress
import json
import re
from collections.abc import Callable, Mapping
from typing import Any, Final, Protocol

from moto.cloudformation.exceptions import ValidationError

from stepweave.local_cloud.adapters.cloudformation.template import Template

_SUBSTITUTE: Final = re.compile(r"\$\{(!?)([^}]*)\}")
_DYNAMIC: Final = re.compile(r"\{\{resolve:(ssm|ssm-secure|secretsmanager):([^{}]+)\}\}")
_ZONES: Final = "abcdef"
_ARN_PARTS: Final = 7


class _NoValue:
    """What ``AWS::NoValue`` is: its property or item is left out."""


NO_VALUE: Final = _NoValue()


class Unresolved(Exception):  # noqa: N818 - no error: it is not known yet
    """A value depends on a resource that does not exist yet."""


class Names(Protocol):
    """What a template's names stand for."""

    def ref(self, name: str) -> Any:
        """Return what ``Ref`` of a resource gives. Raises `Unresolved`."""

    def attribute(self, name: str, attribute: str) -> Any:
        """Return what ``Fn::GetAtt`` of a resource gives. Raises `Unresolved`."""


class Values:
    """Works out the values of a template.

    Parameters
    ----------
    template
        Where conditions and mappings are.
    constants
        Values of parameters and pseudo parameters by name.
    names
        The resources.
    imported
        Gives the value of an export.
    """

    def __init__(
        self, template: Template, constants: Mapping[str, Any], names: Names, imported: Callable[[str], str]
    ) -> None:
        self._conditions = template.get("Conditions") or {}
        self._mappings = template.get("Mappings") or {}
        self._resources = template["Resources"]
        self._constants = constants
        self._names = names
        self._imported = imported
        self._known: dict[str, bool] = {}

    def is_wanted(self, part: Mapping[str, Any]) -> bool:
        """Tell whether the condition of a resource or an output holds."""
        return "Condition" not in part or self.condition(part["Condition"])

    def condition(self, name: str) -> bool:
        """Tell whether a condition holds."""
        if name not in self._known:
            if name not in self._conditions:
                raise ValidationError(message=f"Template error: unresolved condition dependency {name}")
            self._known[name] = self._holds(self._conditions[name])
        return self._known[name]

    def value(self, node: Any) -> Any:
        """Return a part of the template with all functions worked out.

        Raises
        ------
        ValidationError
            If a function has no value.
        Unresolved
            If it is not known yet.
        """
        if isinstance(node, list):
            items = (self.value(item) for item in node)
            return [item for item in items if item is not NO_VALUE]
        if not isinstance(node, dict):
            return node
        if len(node) == 1:
            ((name, argument),) = node.items()
            function = _FUNCTIONS.get(name)
            if function is not None:
                return function(self, argument)
            if name.startswith("Fn::"):
                raise ValidationError(message=f"Template error: the local cloud does not know the function {name}")
        values = ((key, self.value(item)) for key, item in node.items())
        return {key: item for key, item in values if item is not NO_VALUE}

    def _holds(self, node: Any) -> bool:
        if isinstance(node, dict) and len(node) == 1:
            ((name, argument),) = node.items()
            logic = _LOGIC.get(name)
            if logic is not None:
                return logic(self, argument)
        return as_text(self.value(node)) == "true"

    def _equals(self, argument: Any) -> bool:
        first, second = (self.value(item) for item in argument)
        return as_text(first) == as_text(second)

    def _ref(self, name: Any) -> Any:
        if name == "AWS::NoValue":
            return NO_VALUE
        if name in self._constants:
            return self._constants[name]
        self._require_wanted(str(name))
        return self._names.ref(str(name))

    def _get_att(self, argument: Any) -> Any:
        name, attribute = argument if isinstance(argument, list) else argument.split(".", 1)
        self._require_wanted(name)
        return self._names.attribute(name, str(self.value(attribute)))

    def _require_wanted(self, name: str) -> None:
        resource = self._resources.get(name)
        if resource is None:
            raise ValidationError(
                message=f"Template error: instance of Fn::GetAtt references undefined resource {name}"
            )
        if not self.is_wanted(resource):
            raise ValidationError(
                message=f"Unresolved resource dependencies [{name}] in the Resources block of the template"
            )

    def _if(self, argument: Any) -> Any:
        return self.value(argument[1 if self.condition(argument[0]) else 2])

    def _join(self, argument: Any) -> str:
        return str(argument[0]).join(as_text(item) for item in self.value(argument[1]))

    def _split(self, argument: Any) -> list[str]:
        return as_text(self.value(argument[1])).split(argument[0])

    def _select(self, argument: Any) -> Any:
        index, items = int(self.value(argument[0])), self.value(argument[1])
        if not 0 <= index < len(items):
            raise ValidationError(
                message="Template error: Fn::Select cannot select nonexistent value at index " + str(index)
            )
        return items[index]

    def _sub(self, argument: Any) -> str:
        text, own = argument if isinstance(argument, list) else (argument, {})

        def replacement(match: re.Match[str]) -> str:
            literal, name = match[1], match[2].strip()
            if literal:
                return "${" + name + "}"
            if name in own:
                return as_text(self.value(own[name]))
            return as_text(self._get_att(name) if "." in name else self._ref(name))

        return _SUBSTITUTE.sub(replacement, text)

    def _find_in_map(self, argument: Any) -> Any:
        keys = [self.value(item) for item in argument[:3]]
        found: Any = self._mappings
        for key in keys:
            if not isinstance(found, dict) or as_text(key) not in {as_text(known) for known in found}:
                if len(argument) > 3 and "DefaultValue" in argument[3]:
                    return self.value(argument[3]["DefaultValue"])
                raise ValidationError(
                    message=f"Template error: Unable to get mapping for {'::'.join(map(as_text, keys))}"
                )
            found = next(value for known, value in found.items() if as_text(known) == as_text(key))
        return self.value(found)

    def _import(self, argument: Any) -> str:
        return self._imported(as_text(self.value(argument)))

    def _zones(self, argument: Any) -> list[str]:
        region = self.value(argument) or self._constants["AWS::Region"]
        return [f"{region}{zone}" for zone in _ZONES]

    def _base64(self, argument: Any) -> str:
        return base64.b64encode(as_text(self.value(argument)).encode()).decode()

    def _cidr(self, argument: Any) -> list[str]:
        block, count, *bits = (self.value(item) for item in argument)
        network = ipaddress.ip_network(block, strict=False)
        prefix = network.max_prefixlen - int(bits[0] if bits else 8)
        subnets = network.subnets(new_prefix=prefix)
        return [str(next(subnets)) for _ in range(int(count))]

    def _length(self, argument: Any) -> int:
        return len(self.value(argument))

    def _to_json(self, argument: Any) -> str:
        return json.dumps(self.value(argument), separators=(",", ":"))

    def _condition_value(self, argument: Any) -> Any:
        # In a policy document, ``Condition`` is a key like any other.
        return self.condition(argument) if isinstance(argument, str) else {"Condition": self.value(argument)}


_LOGIC: Final[dict[str, Callable[[Values, Any], bool]]] = {
    "Condition": Values.condition,
    "Fn::And": lambda values, argument: all(values._holds(item) for item in argument),  # noqa: SLF001 - its own
    "Fn::Equals": Values._equals,  # noqa: SLF001
    "Fn::Not": lambda values, argument: not values._holds(argument[0]),  # noqa: SLF001
    "Fn::Or": lambda values, argument: any(values._holds(item) for item in argument),  # noqa: SLF001
}

_FUNCTIONS: Final[dict[str, Callable[[Values, Any], Any]]] = {
    "Ref": Values._ref,  # noqa: SLF001 - its own
    "Condition": Values._condition_value,  # noqa: SLF001
    "Fn::GetAtt": Values._get_att,  # noqa: SLF001
    "Fn::If": Values._if,  # noqa: SLF001
    "Fn::Join": Values._join,  # noqa: SLF001
    "Fn::Split": Values._split,  # noqa: SLF001
    "Fn::Select": Values._select,  # noqa: SLF001
    "Fn::Sub": Values._sub,  # noqa: SLF001
    "Fn::FindInMap": Values._find_in_map,  # noqa: SLF001
    "Fn::ImportValue": Values._import,  # noqa: SLF001
    "Fn::GetAZs": Values._zones,  # noqa: SLF001
    "Fn::Base64": Values._base64,  # noqa: SLF001
    "Fn::Cidr": Values._cidr,  # noqa: SLF001
    "Fn::Length": Values._length,  # noqa: SLF001
    "Fn::ToJsonString": Values._to_json,  # noqa: SLF001
    **{name: function for name, function in _LOGIC.items() if name != "Condition"},
}


def as_text(value: Any) -> str:
    """Return a scalar as a template's strings spell it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict | list):
        return json.dumps(value, separators=(",", ":"))
    return str(value)


def resolve_dynamic(node: Any, client: Callable[[str], Any]) -> Any:
    """Fill in what dynamic references (``{{resolve:ssm:NAME}}``) name.

    Parameters
    ----------
    node
        Properties whose functions are worked out.
    client
        Gives a client of a service.

    Raises
    ------
    ValidationError
        If there is no such parameter or secret.
    """
    if isinstance(node, dict):
        return {key: resolve_dynamic(value, client) for key, value in node.items()}
    if isinstance(node, list):
        return [resolve_dynamic(item, client) for item in node]
    if not isinstance(node, str) or "{{resolve:" not in node:
        return node

    def resolved(match: re.Match[str]) -> str:
        try:
            if match[1] == "secretsmanager":
                return _secret(match[2].split(":"), client("secretsmanager"))
            answer = client("ssm").get_parameter(Name=match[2], WithDecryption=match[1] == "ssm-secure")
            return str(answer["Parameter"]["Value"])
        except client("ssm").exceptions.ClientError as error:
            raise ValidationError(message=f"Could not resolve {match[0]}: {error}") from error

    return _DYNAMIC.sub(resolved, node)


def _secret(parts: list[str], client: Any) -> str:
    if parts[0] == "arn":
        parts = [":".join(parts[:_ARN_PARTS]), *parts[_ARN_PARTS:]]
    name, _kind, key, stage, version = (*parts, *[""] * 5)[:5]
    chosen = {"VersionStage": stage, "VersionId": version}
    text = client.get_secret_value(SecretId=name, **{name: value for name, value in chosen.items() if value})[
        "SecretString"
    ]
    if not key:
        return str(text)
    found = json.loads(text)
    if key not in found:
        raise ValidationError(message=f"Could not find a value associated with JSONKey in SecretString: {key}")
    return as_text(found[key])
