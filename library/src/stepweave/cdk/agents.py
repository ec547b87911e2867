"""The functions of all agents that the deployed workflows use, and those that belong to every deployment."""

from collections.abc import Sequence
from typing import Any

import aws_cdk as cdk
from constructs import Construct

from stepweave.cdk.agent_function import AgentFunction, is_bundled
from stepweave.cdk.bundle import Bundler
from stepweave.cdk.naming import ADMISSION, DEAD_LETTERS, SAME_IDS, pascal_case
from stepweave.cdk.storage import Storage
from stepweave.cdk.system_functions import SystemFunctions
from stepweave.contract.agent import Agent


class AgentsStack(cdk.Stack):
    """One `AgentFunction` for each agent, and the `SystemFunctions`.

    Parameters
    ----------
    agents : Sequence[Agent]
        The agents.
    storage : Storage
        Where payloads, idempotency records, gates and breakers are.
    bundler : Bundler
        What makes the functions' bundles.

    Attributes
    ----------
    functions : list[AgentFunction]

    Raises
    ------
    SynthesisError
        If an agent cannot be bundled.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        agents: Sequence[Agent[Any, Any]],
        storage: Storage,
        bundler: Bundler,
        **options: Any,
    ) -> None:
        super().__init__(scope, construct_id, description="Stepweave: the agents' functions", **options)
        settings = storage.settings
        bundled = [agent for agent in agents if is_bundled(agent, runs_locally=settings.runs_locally)]
        # All at once, so that each construct finds its own.
        bundles = bundler.bundle_all(
            [ADMISSION, DEAD_LETTERS, *(agent.name for agent in bundled)],
            {agent.name: settings.platform(agent.architecture) for agent in bundled if agent.architecture is not None},
        )
        for file in sorted({file for bundle in bundles.values() for file in bundle.left_out}):
            cdk.Annotations.of(self).add_warning_v2(
                f"stepweave:left-out:{file.as_posix()}",
                f"{file.as_posix()} is not put into a bundle, since nothing is known of its kind; if a handler reads "
                "it, name it in the setting bundle_files",
            )
        self.functions = [
            AgentFunction(self, pascal_case(agent.name), agent=agent, storage=storage, bundler=bundler)
            for agent in agents
        ]
        SystemFunctions(self, SAME_IDS, storage=storage, bundler=bundler)
