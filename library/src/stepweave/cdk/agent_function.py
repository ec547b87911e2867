"""One agent in AWS: its function, its logs, its queue of failed invocations, and its role."""

from typing import Any

from constructs import Construct

from stepweave.cdk.agent_role import AgentRole
from stepweave.cdk.bundle import Bundle
from stepweave.cdk.bundled_function import BundledFunction, FunctionShape
from stepweave.cdk.settings import Settings
from stepweave.cdk.storage import StorageStack
from stepweave.contract.agent import Agent


class AgentFunction(BundledFunction):
    """The Lambda function of an agent, sized by the agent's contract.

    Parameters
    ----------
    agent : Agent
        The agent's contract.
    bundle : Bundle
        What the function runs.
    storage : StorageStack
        Where payloads, idempotency records, gates and breakers are.
    settings : Settings
        What was chosen about the deployment.

    Attributes
    ----------
    function : lambda_.Function
    """

    def __init__(  # noqa: PLR0913
        self,
        scope: Construct,
        construct_id: str,
        *,
        agent: Agent[Any, Any],
        bundle: Bundle,
        storage: StorageStack,
        settings: Settings,
    ) -> None:
        environment = {"STEPWEAVE_GATES_TABLE": storage.gates_table.table_name}
        if agent.breaker is not None:
            environment["STEPWEAVE_BREAKERS_TABLE"] = storage.breakers_table.table_name
            environment["STEPWEAVE_EVENT_BUS"] = storage.event_bus.event_bus_name
        super().__init__(
            scope,
            construct_id,
            shape=FunctionShape(
                folder=agent.name,
                description=f"Stepweave agent {agent.name}",
                timeout=agent.timeout,
                memory_mb=agent.memory_mb,
                ephemeral_storage_mb=agent.ephemeral_storage_mb,
                reserved_concurrency=agent.reserved_concurrency,
            ),
            bundle=bundle,
            role=lambda function, log: AgentRole(
                function, "Role", agent=agent, log_group=log, storage=storage, settings=settings
            ),
            storage=storage,
            settings=settings,
            environment=environment,
        )
