"""All adapters of CloudFormation."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Any

from stepweave.local_cloud.adapters.cloudformation.custom_resources import Responses
from stepweave.local_cloud.adapters.cloudformation.operations import stack_operations
from stepweave.local_cloud.adapters.cloudformation.stack import Services
from stepweave.local_cloud.adapters.step_functions.engine_clients import InProcessClients


def cloudformation_adapters(endpoint_url: str, clients: InProcessClients) -> tuple[AbstractContextManager[Any], ...]:
    """Return the adapters in the order in which they go in.

    Parameters
    ----------
    endpoint_url
        Where the local cloud listens.
    clients
        Clients of its services.
    """
    return (stack_operations(Services(clients.client, Responses(endpoint_url))),)
