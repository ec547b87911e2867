"""``AWS::Lambda::Version``, ``AWS::Lambda::Alias`` and ``AWS::Lambda::EventInvokeConfig``.

Upstream defects: a version has neither a physical id nor attributes, so that what refers to it gets a Python object;
and aliases and configurations of asynchronous invocation are unknown.
"""

# ruff: noqa: ARG003 - upstream's signature

from __future__ import annotations

from typing import Any

from moto.awslambda.models import LambdaFunction
from moto.awslambda.utils import get_backend

from stepweave.local_cloud.adapters.cloudformation.resources.registration import LocalResource


class LambdaVersionResource(LocalResource):
    """A published version; its physical id is its ARN."""

    def __init__(self, function: LambdaFunction) -> None:
        self.version = str(function.version)
        self.function_name = str(function.function_name)
        account_prefix = str(function.function_arn).partition(":function:")[0]
        self.physical_resource_id = f"{account_prefix}:function:{self.function_name}:{self.version}"

    @staticmethod
    def cloudformation_type() -> str:
        return "AWS::Lambda::Version"

    @classmethod
    def has_cfn_attr(cls, attr: str) -> bool:
        return attr in {"FunctionArn", "Version"}

    def get_cfn_attribute(self, attribute: str) -> str:
        """Return what ``Fn::GetAtt`` gives."""
        return self.version if attribute == "Version" else self.physical_resource_id

    @classmethod
    def create_from_cloudformation_json(
        cls, resource_name: str, cloudformation_json: dict[str, Any], account_id: str, region_name: str, **_: Any
    ) -> LambdaVersionResource:
        properties = cloudformation_json["Properties"]
        name = properties["FunctionName"]
        version = get_backend(account_id, region_name).publish_version(name, properties.get("Description", ""))
        if version is None:
            raise ValueError(f"there is no function {name} to publish a version of")
        return cls(version)

    def delete(self, account_id: str, region_name: str) -> None:
        """Remove the version; without its function it is gone already."""
        if _exists(self.function_name, account_id, region_name):
            get_backend(account_id, region_name).delete_function(self.function_name, self.version)


class LambdaAliasResource(LocalResource):
    """An alias of a version; its physical id is its ARN."""

    def __init__(self, arn: str, name: str, function_name: str) -> None:
        self.physical_resource_id = arn
        self.name = name
        self.function_name = function_name

    @staticmethod
    def cloudformation_type() -> str:
        return "AWS::Lambda::Alias"

    @classmethod
    def has_cfn_attr(cls, attr: str) -> bool:
        return attr == "AliasArn"

    def get_cfn_attribute(self, attribute: str) -> str:  # noqa: ARG002 - there is but one
        """Return what ``Fn::GetAtt`` gives."""
        return self.physical_resource_id

    @classmethod
    def create_from_cloudformation_json(
        cls, resource_name: str, cloudformation_json: dict[str, Any], account_id: str, region_name: str, **_: Any
    ) -> LambdaAliasResource:
        properties = cloudformation_json["Properties"]
        alias = get_backend(account_id, region_name).create_alias(
            properties["Name"],
            properties["FunctionName"],
            properties["FunctionVersion"],
            properties.get("Description", ""),
            properties.get("RoutingConfig"),
        )
        return cls(str(alias.arn), properties["Name"], properties["FunctionName"])

    @classmethod
    def update_from_cloudformation_json(
        cls,
        original_resource: LambdaAliasResource,
        new_resource_name: str,
        cloudformation_json: dict[str, Any],
        account_id: str,
        region_name: str,
    ) -> LambdaAliasResource:
        original_resource.delete(account_id, region_name)
        return cls.create_from_cloudformation_json(new_resource_name, cloudformation_json, account_id, region_name)

    def delete(self, account_id: str, region_name: str) -> None:
        """Remove the alias; without its function it is gone already."""
        if _exists(self.function_name, account_id, region_name):
            get_backend(account_id, region_name).delete_alias(self.name, self.function_name)


class EventInvokeConfigResource(LocalResource):
    """How a function's asynchronous invocations are retried and where their outcome goes."""

    def __init__(self, resource_name: str, function_name: str) -> None:
        self.physical_resource_id = resource_name
        self.function_name = function_name

    @staticmethod
    def cloudformation_type() -> str:
        return "AWS::Lambda::EventInvokeConfig"

    @classmethod
    def create_from_cloudformation_json(
        cls, resource_name: str, cloudformation_json: dict[str, Any], account_id: str, region_name: str, **_: Any
    ) -> EventInvokeConfigResource:
        properties = cloudformation_json["Properties"]
        backend = get_backend(account_id, region_name)
        config = {key: properties[key] for key in properties if key not in {"FunctionName", "Qualifier"}}
        backend.get_function(properties["FunctionName"]).event_invoke_config.clear()
        backend.put_function_event_invoke_config(properties["FunctionName"], config)
        return cls(resource_name, properties["FunctionName"])

    def delete(self, account_id: str, region_name: str) -> None:
        """Forget the configuration; without its function it is gone already."""
        if _exists(self.function_name, account_id, region_name):
            get_backend(account_id, region_name).delete_function_event_invoke_config(self.function_name)


def _exists(function: str, account_id: str, region_name: str) -> bool:
    """Tell whether there is a function of this name or ARN: moto removes a stack's resources in any order."""
    functions = get_backend(account_id, region_name).list_functions()
    return any(function in {known.function_name, known.function_arn} for known in functions)
