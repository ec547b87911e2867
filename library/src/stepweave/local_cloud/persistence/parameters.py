"""Keeps the SSM parameters that no stack makes, such as the version of the CDK's bootstrap stack."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import boto3

from stepweave.local_cloud.persistence.loaded_services import is_loaded
from stepweave.local_cloud.persistence.stacks import owned_by_stacks


def read_parameters(session: boto3.Session) -> dict[str, Any]:
    """Return the parameters by name."""
    if not is_loaded("ssm"):
        return {}
    client = session.client("ssm")
    owned = owned_by_stacks(session, "AWS::SSM::Parameter")
    pages = client.get_paginator("describe_parameters").paginate()
    names = [one["Name"] for page in pages for one in page["Parameters"] if one["Name"] not in owned]
    found = [client.get_parameter(Name=name, WithDecryption=True)["Parameter"] for name in names]
    return {one["Name"]: {"Value": one["Value"], "Type": one["Type"]} for one in found}


def restore_parameters(session: boto3.Session, parameters: Mapping[str, Any]) -> None:
    """Put parameters."""
    client = session.client("ssm")
    for name, kept in parameters.items():
        client.put_parameter(Name=name, Overwrite=True, **kept)
