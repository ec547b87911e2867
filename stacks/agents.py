"""The functions of all agents that the deployed workflows use."""

from collections.abc import Sequence
from typing import Any

import aws_cdk as cdk
from constructs import Construct

from stacks.agent_function import AgentFunction
from stacks.bundle import Bundler
from stacks.deployed_agents import DeployedAgent
from stacks.naming import pascal_case
from stacks.settings import Settings
from stacks.storage import StorageStack


class AgentsStack(cdk.Stack):
    """One `AgentFunction` for each agent.

    Parameters
    ----------
    agents : Sequence[DeployedAgent]
        The agents.
    storage : StorageStack
        Where payloads, idempotency records and gates are.
    bundler : Bundler
        What makes the functions' bundles.
    settings : Settings
        What was chosen about the deployment.

    Raises
    ------
    SynthesisError
        If an agent cannot be bundled.
    """

    def __init__(  # noqa: PLR0913
        self,
        scope: Construct,
        construct_id: str,
        *,
        agents: Sequence[DeployedAgent],
        storage: StorageStack,
        bundler: Bundler,
        settings: Settings,
        **options: Any,
    ) -> None:
        super().__init__(scope, construct_id, description="Stepweave: the agents' functions", **options)
        bundles = bundler.bundle_all([deployed.agent.name for deployed in agents])
        for deployed in agents:
            AgentFunction(
                self,
                pascal_case(deployed.agent.name),
                deployed=deployed,
                bundle=bundles[deployed.agent.name],
                storage=storage,
                settings=settings,
            )
