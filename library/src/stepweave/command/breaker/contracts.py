"""The breakers that contracts of agents name."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from stepweave.contract.agent import Agent
from stepweave.contract.breaker import CircuitBreakerConfig
from stepweave.dag_files.agents import agent_contract, agent_names


@dataclass(frozen=True)
class NamedBreaker:
    """What contracts say of a breaker.

    Parameters
    ----------
    config : CircuitBreakerConfig
        When it opens and closes.
    agents : tuple of str
        The agents that it guards.
    """

    config: CircuitBreakerConfig
    agents: tuple[str, ...]


def named_breakers(agents: Iterable[Agent[Any, Any]]) -> Mapping[str, NamedBreaker]:
    """Return the breakers that agents name, by name. The first agent's contract says when one opens."""
    found: dict[str, NamedBreaker] = {}
    for agent in agents:
        if agent.breaker is not None:
            known = found.get(agent.breaker.name, NamedBreaker(agent.breaker.config, ()))
            found[agent.breaker.name] = NamedBreaker(known.config, (*known.agents, agent.name))
    return found


def project_agents() -> list[Agent[Any, Any]]:
    """Return the contracts of all agents of the project, by name."""
    return [agent for name in agent_names() if (agent := agent_contract(name)) is not None]
