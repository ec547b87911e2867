"""The stack of what outlives an invocation."""

from collections.abc import Iterable
from typing import Any

import aws_cdk as cdk
from constructs import Construct

from stepweave.cdk.naming import BREAKERS_OUTPUT, PAYLOADS_OUTPUT, SAME_IDS
from stepweave.cdk.settings import Settings
from stepweave.cdk.storage import Storage
from stepweave.contract.agent import Agent


class StorageStack(cdk.Stack):
    """A `Storage`, all of which other stacks may import, with the names of the bucket and the breakers as outputs.

    Parameters
    ----------
    settings : Settings
        What was chosen about the deployment.
    agents : Iterable[Agent]
        The agents that use it.

    Attributes
    ----------
    storage : Storage
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        settings: Settings,
        agents: Iterable[Agent[Any, Any]] = (),
        **options: Any,
    ) -> None:
        super().__init__(
            scope, construct_id, description="Stepweave: payloads, idempotency records, gates and breakers", **options
        )
        self.storage = storage = Storage(self, SAME_IDS, settings=settings, agents=agents)

        # Exported whether or not a workflow needs it today: an export cannot go while other stacks still import it.
        for value in (
            storage.payload_bucket.bucket_name,
            storage.payload_bucket.bucket_arn,
            storage.idempotency_table.table_arn,
            storage.idempotency_table.table_name,
            storage.gates_table.table_arn,
            storage.gates_table.table_name,
            storage.breakers_table.table_arn,
            storage.breakers_table.table_name,
            storage.event_bus.event_bus_arn,
            storage.event_bus.event_bus_name,
        ):
            self.export_value(value)

        cdk.CfnOutput(
            self,
            PAYLOADS_OUTPUT,
            value=storage.payload_bucket.bucket_name,
            description="Bucket of results, and of what models refer to",
        )
        cdk.CfnOutput(
            self,
            BREAKERS_OUTPUT,
            value=storage.breakers_table.table_name,
            description="Table of the state of circuit breakers",
        )
