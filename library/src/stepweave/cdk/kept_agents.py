"""The agents that have functions though nothing that is deployed now calls them."""

from typing import Any

from stepweave.cdk.errors import SynthesisError
from stepweave.cdk.settings import Settings
from stepweave.contract.agent import Agent
from stepweave.functions.replayer.contract import replayer
from stepweave.project.agents import agent_contract, agent_names, contract_file
from stepweave.project.settings import Project


def kept_agents(settings: Settings, project: Project) -> list[Agent[Any, Any]]:
    """Return the agents that the settings keep; locally the replayer too.

    The stack of a DAG file stays when another file or none is deployed, and calls the functions by their names. On a
    laptop a workflow may be run while a DAG file runs, and a function there costs nobody anything.

    Raises
    ------
    SynthesisError
        If the settings name an agent that is not there.
    """
    kept: dict[str, Agent[Any, Any]] = {}
    for name in settings.kept_agents:
        if name not in (names := agent_names(project)):
            raise SynthesisError(f"kept_agents: there is no agent {name!r}; there are: {', '.join(names)}")
        agent = agent_contract(name, project)
        if agent is None:
            raise SynthesisError(f"kept_agents: {contract_file(name, project)} defines no Agent named {name!r}")
        kept[name] = agent
    if settings.runs_locally:
        kept.setdefault(replayer.name, replayer)
    return list(kept.values())
