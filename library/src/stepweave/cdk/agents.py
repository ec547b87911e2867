"""The functions of all agents that the deployed workflows use, and those that belong to every deployment."""

from collections.abc import Sequence
from typing import Any

import aws_cdk as cdk
from constructs import Construct

from stepweave.cdk.admission_function import AdmissionFunction
from stepweave.cdk.agent_function import AgentFunction
from stepweave.cdk.bundle import Bundler
from stepweave.cdk.dead_letter_function import DeadLetterFunction
from stepweave.cdk.naming import ADMISSION, DEAD_LETTERS, pascal_case
from stepweave.cdk.settings import Settings
from stepweave.cdk.storage import StorageStack
from stepweave.contract.agent import Agent


class AgentsStack(cdk.Stack):
    """One `AgentFunction` for each agent, the `AdmissionFunction` and the `DeadLetterFunction`.

    Parameters
    ----------
    agents : Sequence[Agent]
        The agents.
    storage : StorageStack
        Where payloads, idempotency records, gates and breakers are.
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
        agents: Sequence[Agent[Any, Any]],
        storage: StorageStack,
        bundler: Bundler,
        settings: Settings,
        **options: Any,
    ) -> None:
        super().__init__(scope, construct_id, description="Stepweave: the agents' functions", **options)
        bundles = bundler.bundle_all([ADMISSION, DEAD_LETTERS, *(agent.name for agent in agents)])
        for file in sorted({file for bundle in bundles.values() for file in bundle.left_out}):
            cdk.Annotations.of(self).add_warning_v2(
                f"stepweave:left-out:{file.as_posix()}",
                f"{file.as_posix()} is not put into a bundle, since nothing is known of its kind; if a handler reads "
                "it, name it in the setting bundle_files",
            )
        for agent in agents:
            AgentFunction(
                self,
                pascal_case(agent.name),
                agent=agent,
                bundle=bundles[agent.name],
                storage=storage,
                settings=settings,
            )
        AdmissionFunction(self, "SystemAdmission", bundle=bundles[ADMISSION], storage=storage, settings=settings)
        DeadLetterFunction(self, "SystemDeadLetters", bundle=bundles[DEAD_LETTERS], storage=storage, settings=settings)
