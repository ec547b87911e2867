"""Keeps state machines: all of them, as those of stacks are made anew before."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import boto3


def read_state_machines(session: boto3.Session) -> dict[str, Any]:
    """Return the state machines by name: how each is created."""
    client = session.client("stepfunctions")
    pages = client.get_paginator("list_state_machines").paginate()
    found = [
        client.describe_state_machine(stateMachineArn=one["stateMachineArn"])
        for page in pages
        for one in page["stateMachines"]
    ]
    return {
        one["name"]: {"definition": one["definition"], "roleArn": one["roleArn"], "type": one["type"]} for one in found
    }


def restore_state_machines(session: boto3.Session, machines: Mapping[str, Any]) -> None:
    """Create the state machines that are not there."""
    client = session.client("stepfunctions")
    pages = client.get_paginator("list_state_machines").paginate()
    there = {one["name"] for page in pages for one in page["stateMachines"]}
    for name, kept in machines.items():
        if name not in there:
            client.create_state_machine(name=name, **kept)
